"""Shares of a limit: never more than the limit together, whoever is asked."""

from hypothesis import given
from hypothesis import strategies as st

from domain.risk.limit import Limit
from domain.risk.share import share

names = st.sets(st.text("abcdef", min_size=1, max_size=4), min_size=1, max_size=12)


@given(st.integers(0, 200), names, st.binary(max_size=5))
def test_all_shares_together_are_at_most_the_limit(units: int, replicas: set[str], subject: bytes) -> None:
    limit = Limit(1, "member", units, 60_000)
    shares = [share(limit, subject, replica, replicas) for replica in sorted(replicas)]
    assert sum(shares) == (units // len(replicas) * len(replicas) if units >= len(replicas) else units)


def test_a_replica_that_knows_of_nobody_has_the_whole_limit() -> None:
    assert share(Limit(1, "member", 7, 1_000), b"ann", "one", ()) == 7


@given(names)
def test_the_last_units_do_not_all_fall_to_one_replica(replicas: set[str]) -> None:
    limit = Limit(1, "member", 1, 1_000)
    owners = {one for n in range(200) for one in replicas if share(limit, b"m%d" % n, one, replicas)}
    assert owners == replicas
