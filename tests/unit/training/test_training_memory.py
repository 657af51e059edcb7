"""Too little memory: told from other errors, and a batch in parts learns what the whole batch would."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tiny_training import tiny_run

from xinyi.training.fit import fit
from xinyi.training.memory import is_out_of_memory, parts
from xinyi.training.objective import Extras


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), True),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 9 bytes"),
            True,
        ),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"), True),
        (MemoryError(), True),
        (RuntimeError("shapes do not fit"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_which_errors_are_meant(error, expected):
    assert is_out_of_memory(error) is expected


@pytest.mark.parametrize("tokens", [1, 12, 20, 33, 10**6])
def test_parts_hold_each_row_once_and_keep_to_the_budget(tokens):
    batch = next(iter(tiny_run().train))
    pieces = parts(batch, tokens)
    length = batch.ids_BL.shape[1]
    assert torch.equal(torch.cat([piece.rows_B for piece in pieces]), batch.rows_B)
    assert torch.equal(torch.cat([piece.ids_BL for piece in pieces]), batch.ids_BL)
    for task, values in batch.targets.items():
        assert torch.equal(torch.cat([piece.targets[task] for piece in pieces]), values)
    assert all(len(piece.rows_B) == 1 or len(piece.rows_B) * length <= tokens for piece in pieces)


def labelled(run):
    """Give every row every label."""
    for loader in (run.train, run.validation):
        targets = {task: values.copy() for task, values in loader.split.targets.items()}
        for values in targets.values():
            values[values < 0] = 0
        loader.split = replace(loader.split, targets=targets)
    return run


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("extras", [None, Extras(uncertainty=True)], ids=["plain", "weights learnt"])
def test_training_in_parts_is_training_in_whole_batches(tmp_path, accumulate, extras):
    """Same steps, same size of a step, the same weights but for rounding."""
    whole, split = (labelled(tiny_run(dropout=0.0, epochs=2, accumulate=accumulate, extras=extras)) for _ in range(2))
    split.module.micro_tokens = 20
    results = [
        fit(r.module, r.train, r.validation, tmp_path / str(i), r.settings) for i, r in enumerate((whole, split))
    ]
    assert results[0].steps == results[1].steps
    assert results[0].tokens == results[1].tokens
    for name, weight in whole.module.state_dict().items():
        torch.testing.assert_close(split.module.state_dict()[name], weight, rtol=1e-4, atol=1e-4, msg=name)
    assert float(split.module.last_loss) == pytest.approx(float(whole.module.last_loss), rel=1e-4)


def test_no_more_than_the_budget_goes_through_the_model_at_once(tmp_path):
    run = tiny_run(epochs=1, extras=Extras(fgm=0.3, rdrop=0.5))
    run.module.micro_tokens = 24
    shapes = []
    embed = run.module.model.embed

    def look(ids_BL, *rest):
        if run.module.training:
            shapes.append(tuple(ids_BL.shape))
        return embed(ids_BL, *rest)

    run.module.model.embed = look
    fit(run.module, run.train, run.validation, tmp_path, run.settings)
    assert len(shapes) > len(run.train)
    assert all(rows * length <= 24 for rows, length in shapes)
