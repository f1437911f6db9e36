"""How long a group waits for others: the more groups share the process, the dearer is one more."""

import pytest

from servers.seckill.sale.commits import LONGEST_PAUSE_SECONDS, PAUSE_SECONDS, pause_before


@pytest.mark.parametrize(("waiting", "sharing"), [(1, 1), (7, 1), (1, 100), (3, 2), (2, 3)])
def test_one_alone_and_a_few_do_not_wait(waiting: int, sharing: int) -> None:
    assert pause_before(waiting, sharing) == 0


@pytest.mark.parametrize(("waiting", "sharing"), [(8, 1), (255, 1), (4, 2), (2, 4), (2, 12)])
def test_a_crowd_of_all_sales_together_waits_as_long_as_there_are_groups(waiting: int, sharing: int) -> None:
    assert pause_before(waiting, sharing) == pytest.approx(PAUSE_SECONDS * sharing)


def test_nobody_waits_longer_than_a_tenth_of_a_second() -> None:
    assert pause_before(2, 1_000) == LONGEST_PAUSE_SECONDS == 0.1
