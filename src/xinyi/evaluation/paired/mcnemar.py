"""McNemar's test (1947), exact: did the candidate lose more rows than it won?"""

from __future__ import annotations

from math import comb


def worse(won: int, lost: int) -> float:
    """One-sided p-value of `lost` or more losses among the rows where exactly one of the two is right.

    Under equal models each such row is a coin toss: P(X >= lost), X ~ Binomial(won + lost, 1/2); whole numbers
    throughout, so that nothing overflows or rounds. 1.0 when no row differs.
    """
    tosses = won + lost
    # The shorter tail has fewer terms.
    if lost <= won:
        return 1.0 - _upper(tosses, won + 1) if lost else 1.0
    return _upper(tosses, lost)


def _upper(tosses: int, least: int) -> float:
    """P(X >= least)."""
    total, term = 0, comb(tosses, least) if least <= tosses else 0
    for successes in range(least, tosses + 1):
        total += term
        term = term * (tosses - successes) // (successes + 1)
    return total / (1 << tosses)
