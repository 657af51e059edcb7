"""The latency of a bundle: a quantile with an interval that needs no curve."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_bundle import shared_bundle

from xinyi.pipeline.latency import measure_latency, quantile_interval


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_the_interval_covers_the_quantile_as_often_as_it_says(share: float) -> None:
    rng = np.random.default_rng(0)
    true, covered = float(np.quantile(rng.lognormal(size=200_000), share)), []
    for _ in range(600):
        found = quantile_interval(rng.lognormal(size=200), share)
        assert found["low"] <= found["value"] <= found["high"]
        covered.append(found["low"] <= true <= found["high"])
    assert 0.93 <= np.mean(covered) <= 0.99


def test_few_calls_have_a_wide_interval() -> None:
    found = quantile_interval(np.array([3.0, 1.0, 2.0]), 0.5)
    assert (found["low"], found["high"], found["n"]) == (1.0, 3.0, 3)


def test_a_bundle_is_timed_one_message_at_a_time() -> None:
    found = measure_latency(shared_bundle(), calls=30)
    assert set(found) == {"p50", "p95"}
    assert all(0.0 < entry["low"] <= entry["value"] <= entry["high"] for entry in found.values())
    assert {entry["n"] for entry in found.values()} == {30}
    assert found["p50"]["value"] <= found["p95"]["value"]
