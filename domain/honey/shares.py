"""Splitting whole points by weights, so that the shares are whole and their sum is what was split."""

from collections.abc import Sequence


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """By largest remainder: each share is within one point of its exact value; ties go to the earlier one.

    Where nothing weighs anything, all weigh the same. Of no weights there are no shares. None is below zero.
    """
    if not any(weights):
        weights = [1] * len(weights)
    whole = sum(weights)
    split = [divmod(total * weight, whole) for weight in weights]
    given = [share for share, _ in split]
    by_remainder = sorted(range(len(split)), key=lambda place: -split[place][1])
    for place in by_remainder[: total - sum(given)]:
        given[place] += 1
    return given
