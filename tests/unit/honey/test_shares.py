"""Shares are whole, add up, and each is within one of what it would be exactly."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.honey.shares import shares

WEIGHTS = st.lists(st.integers(0, 50), min_size=1, max_size=6)


@given(st.integers(0, 300), WEIGHTS)
def test_shares_add_up_and_are_nearly_exact(total: int, weights: list[int]) -> None:
    split, whole = shares(total, weights), sum(weights)
    assert sum(split) == total
    assert all(
        abs(share * whole - total * weight) < (whole or 1)
        for share, weight in zip(split, weights, strict=True)
        if whole
    )


@given(st.integers(0, 300), WEIGHTS)
def test_points_are_handed_out_one_by_one_to_whoever_lacks_most(total: int, weights: list[int]) -> None:
    """A second implementation: after everybody's whole points, the next goes to the largest lack."""
    whole = sum(weights)
    if not whole:
        return
    naive = [0] * len(weights)
    for place, weight in enumerate(weights):
        while (naive[place] + 1) * whole <= total * weight:
            naive[place] += 1
    for _ in range(total - sum(naive)):
        lacks = [total * weight - share * whole for share, weight in zip(naive, weights, strict=True)]
        naive[lacks.index(max(lacks))] += 1
    assert shares(total, weights) == naive


@given(st.integers(0, 300), WEIGHTS)
def test_who_weighs_more_has_no_less(total: int, weights: list[int]) -> None:
    split = shares(total, sorted(weights, reverse=True))
    assert all(earlier >= later for earlier, later in pairwise(split))


@pytest.mark.parametrize(
    ("total", "weights", "split"),
    [
        (1, [1, 1], [1, 0]),
        (2, [1, 1, 1], [1, 1, 0]),
        (5, [0, 0], [3, 2]),
        (5, [], []),
        (0, [3, 4], [0, 0]),
        (2**53, [10**12, 1], [2**53 - 9007, 9007]),
    ],
)
def test_ties_go_to_the_earlier_item(total: int, weights: list[int], split: list[int]) -> None:
    assert shares(total, weights) == split
