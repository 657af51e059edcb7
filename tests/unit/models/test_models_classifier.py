"""The classifier against its pieces written out, for three kinds of encoder."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    BertConfig,
    BertModel,
    ModernBertConfig,
    ModernBertModel,
    PreTrainedModel,
    RobertaConfig,
    RobertaModel,
)

from xinyi.models.classifier import MultiTaskClassifier, takes_types
from xinyi.models.pooling import LEARNT, POOLINGS, AttentionPooling, build_pooling, width
from xinyi.models.pooling_names import POOLING_NAMES

SIZES = {"sentiment": 5, "emotion": 3}
COMMON = {
    "vocab_size": 50, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
    "max_position_embeddings": 40, "pad_token_id": 0,
}  # fmt: skip
MARKS = {"cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3}
KINDS = ("bert", "roberta", "modernbert")


def encoder(kind: str, attention: str = "eager") -> PreTrainedModel:
    """Random weights, large enough that every input moves the output."""
    torch.manual_seed(0)
    options = COMMON | {"attn_implementation": attention}
    if kind == "bert":
        made = BertModel(BertConfig(**options, initializer_range=0.2), add_pooling_layer=False)
    elif kind == "roberta":
        config = RobertaConfig(**options, type_vocab_size=1, initializer_range=0.2)
        made = RobertaModel(config, add_pooling_layer=False)
    else:
        made = ModernBertModel(ModernBertConfig(**options, **MARKS, global_attn_every_n_layers=2, local_attention=8))
    return made.eval()


def batch(rows: int = 4, length: int = 12) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    ids_BL = torch.randint(5, 50, (rows, length), generator=generator)
    lengths_B = torch.tensor([length, 7, 3, 10][:rows])
    mask_BL = (torch.arange(length) < lengths_B[:, None]).long()
    types_BL = (torch.arange(length) >= 2).long() * mask_BL
    return ids_BL * mask_BL, mask_BL, types_BL


def classifier(kind: str, pooling: str = "mean", attention: str = "eager") -> MultiTaskClassifier:
    made = MultiTaskClassifier(encoder(kind, attention), SIZES, 32, pooling).eval()
    for head in made.heads.values():
        torch.nn.init.normal_(head.weight)
        torch.nn.init.normal_(head.bias)
    if pooling == "attention":
        torch.nn.init.normal_(made.pool.query_D, std=3.0, generator=torch.Generator().manual_seed(5))
    return made


def attended(hidden_LD, query_D):
    """By torch's own attention: one head, one query, the tokens as keys and as values."""
    if query_D is None:
        return None
    return torch.nn.functional.scaled_dot_product_attention(query_D[None], hidden_LD, hidden_LD)[0]


@pytest.mark.parametrize("pooling", POOLING_NAMES)
@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_it_is_the_plain_encoder_pooled_and_multiplied(kind, pooling):
    model = classifier(kind, pooling)
    ids_BL, mask_BL, types_BL = batch()
    types = {"token_type_ids": types_BL} if kind == "bert" else {}
    hidden_BLD = encoder(kind)(input_ids=ids_BL, attention_mask=mask_BL, **types).last_hidden_state
    for row, logits_C in enumerate(zip(*model(ids_BL, mask_BL, types_BL).values(), strict=True)):
        real = int(mask_BL[row].sum())
        own = types_BL[row, :real] == types_BL[row, :real].max()
        vector_D = {
            "cls": hidden_BLD[row, 0],
            "mean": hidden_BLD[row, :real].mean(0),
            "text_mean": hidden_BLD[row, :real][own].mean(0),
            "max": hidden_BLD[row, :real].amax(0),
            "mean_max": torch.cat([hidden_BLD[row, :real].mean(0), hidden_BLD[row, :real].amax(0)]),
            "attention": attended(hidden_BLD[row, :real], getattr(model.pool, "query_D", None)),
        }[pooling]
        for found, head in zip(logits_C, model.heads.values(), strict=True):
            torch.testing.assert_close(found, head.weight @ vector_D + head.bias, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_what_words_say_is_added_to_the_heads(kind):
    plain = classifier(kind)
    wide = MultiTaskClassifier(encoder(kind), SIZES, 32, lexical=True).eval()
    wide.heads.load_state_dict(plain.heads.state_dict())
    torch.nn.init.normal_(wide.lexical.table.weight)
    said = wide.lexical(*batch())
    for task, logits_BC in plain(*batch()).items():
        torch.testing.assert_close(wide(*batch())[task], logits_BC + said[task])


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_padding_changes_no_logit(kind, attention):
    model = classifier(kind, attention=attention)
    ids_BL, mask_BL, types_BL = batch()
    together = model(ids_BL, mask_BL, types_BL)
    for row in range(len(ids_BL)):
        own = slice(row, row + 1), slice(int(mask_BL[row].sum()))
        alone = model(ids_BL[own], mask_BL[own], types_BL[own])
        for task in SIZES:
            torch.testing.assert_close(alone[task][0], together[task][row], rtol=0, atol=1e-5)


@torch.no_grad()
def test_segment_types_reach_bert():
    model = classifier("bert")
    ids_BL, mask_BL, types_BL = batch()
    with_types, without = (model(ids_BL, mask_BL, types)["emotion"] for types in (types_BL, torch.zeros_like(types_BL)))
    assert (with_types - without).abs().min() > 1e-3


@pytest.mark.parametrize(("kind", "expected"), [("bert", True), ("roberta", False), ("modernbert", False)])
def test_only_encoders_with_two_segments_are_given_types(kind, expected):
    assert takes_types(encoder(kind)) is expected


@pytest.mark.parametrize("kind", ["roberta", "modernbert"])
@torch.no_grad()
def test_encoders_without_segments_take_pairs_too(kind):
    model = classifier(kind)
    ids_BL, mask_BL, types_BL = batch()
    found, same = (model(ids_BL, mask_BL, types)["emotion"] for types in (types_BL, torch.zeros_like(types_BL)))
    assert torch.equal(found, same)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(0, 5), st.integers(0, 2**31))
def test_mean_pooling_ignores_padding(real, padding, seed):
    generator = torch.Generator().manual_seed(seed)
    hidden_BLD = torch.randn(1, real + padding, 8, generator=generator)
    mask_BL = torch.tensor([[1] * real + [0] * padding])
    pooled_BD = POOLINGS["mean"](hidden_BLD, mask_BL)
    torch.testing.assert_close(pooled_BD[0], hidden_BLD[0, :real].mean(0))
    noisy_BLD = hidden_BLD.clone()
    noisy_BLD[:, real:] = 1e6
    assert torch.equal(POOLINGS["mean"](noisy_BLD, mask_BL), pooled_BD)


def test_a_row_of_nothing_but_padding_is_no_nan():
    assert torch.equal(POOLINGS["mean"](torch.randn(1, 3, 4), torch.zeros(1, 3).long()), torch.zeros(1, 4))


def test_the_names_that_configuration_offers_are_the_poolings_there_are():
    assert sorted(POOLING_NAMES) == sorted([*POOLINGS, *LEARNT])
    for name in POOLING_NAMES:
        assert build_pooling(name, 4)(torch.randn(2, 3, 4), torch.ones(2, 3).long(), None).shape == (2, width(name, 4))


def test_attention_begins_as_the_mean_and_learns_which_tokens_count():
    """A task that the mean cannot solve: the answer is the sign of the one token that is marked."""
    torch.manual_seed(0)
    pool, head = AttentionPooling(8), torch.nn.Linear(8, 1)
    hidden_BLD = torch.randn(64, 6, 8)
    mask_BL = (torch.arange(6) < torch.randint(2, 7, (64, 1))).long()
    torch.testing.assert_close(pool(hidden_BLD, mask_BL), POOLINGS["mean"](hidden_BLD, mask_BL))
    hidden_BLD[:, :, 0] = 0.0
    hidden_BLD[:, 1, 0] = 4.0  # the mark
    target_B = (hidden_BLD[:, 1, 1] > 0).float()
    optimiser = torch.optim.Adam([*pool.parameters(), *head.parameters()], lr=0.1)
    for _ in range(200):
        optimiser.zero_grad()
        logits_B = head(pool(hidden_BLD, mask_BL))[:, 0]
        torch.nn.functional.binary_cross_entropy_with_logits(logits_B, target_B).backward()
        optimiser.step()
    assert ((logits_B > 0) == (target_B > 0)).float().mean() == 1.0
    assert pool.query_D.argmax() == 0


def test_attention_over_nothing_but_padding_is_finite():
    assert torch.isfinite(AttentionPooling(4)(torch.randn(1, 3, 4), torch.zeros(1, 3).long())).all()


def test_dropout_before_the_heads_is_on_in_training_only():
    model = MultiTaskClassifier(encoder("bert"), SIZES, 32, dropout=0.5).eval()
    inputs = batch()
    assert torch.equal(model(*inputs)["emotion"], model(*inputs)["emotion"])
    model.train()
    model.encoder.eval()
    assert not torch.equal(model(*inputs)["emotion"], model(*inputs)["emotion"])


def test_pooling_is_done_in_fp32_under_bf16():
    model = classifier("bert")
    with torch.autocast("cpu", torch.bfloat16):
        assert model.embed(*batch()).dtype == torch.float32


def test_text_mean_leaves_the_context_out():
    hidden_BLD = torch.randn(2, 6, 4)
    mask_BL = torch.tensor([[1, 1, 1, 1, 1, 0], [1, 1, 1, 0, 0, 0]])
    types_BL = torch.tensor([[0, 0, 1, 1, 1, 0], [0, 0, 0, 0, 0, 0]])
    pooled_BD = POOLINGS["text_mean"](hidden_BLD, mask_BL, types_BL)
    torch.testing.assert_close(pooled_BD[0], hidden_BLD[0, 2:5].mean(0))
    torch.testing.assert_close(pooled_BD[1], hidden_BLD[1, :3].mean(0))


def test_max_does_not_see_padding():
    hidden_BLD = -torch.rand(1, 4, 3) - 1.0
    hidden_BLD[0, 2:] = 5.0
    pooled_BD = POOLINGS["max"](hidden_BLD, torch.tensor([[1, 1, 0, 0]]))
    torch.testing.assert_close(pooled_BD[0], hidden_BLD[0, :2].amax(0))


def standardised():
    model = MultiTaskClassifier(encoder("bert"), SIZES, 32, standardise=True).eval()
    rows_ND = 3.0 + torch.randn(500, 32) * torch.linspace(0.5, 2.0, 32)
    rows_ND[:, 3] = 7.0
    model.standard.measure(rows_ND)
    return model, rows_ND


def test_the_heads_see_pooled_vectors_in_standard_units():
    model, rows_ND = standardised()
    seen_ND = model.standard(rows_ND)
    torch.testing.assert_close(seen_ND.mean(0), torch.zeros(32), atol=1e-4, rtol=0)
    varied = [d for d in range(32) if d != 3]
    torch.testing.assert_close(seen_ND[:, varied].std(0, correction=0), torch.ones(31))
    assert torch.equal(seen_ND[:, 3], torch.zeros(500))


def test_dimensions_that_never_vary_are_left_as_they_are():
    model, _ = standardised()
    model.standard.measure(torch.ones(4, 32))
    assert torch.equal(model.standard.std, torch.ones(32))


def test_folding_changes_no_answer_and_leaves_plain_heads():
    model, _ = standardised()
    before = model(*batch())
    names = {name for name in model.state_dict() if not name.startswith("standard.")}
    model.fold()
    after = model(*batch())
    for task in before:
        torch.testing.assert_close(after[task], before[task], atol=1e-5, rtol=1e-5)
    assert set(model.state_dict()) == names
    model.fold()
    assert torch.equal(model(*batch())["emotion"], after["emotion"])
