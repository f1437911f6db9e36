"""What each toxic makes of what passes: no sockets, no waiting."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.toxics import Bandwidth, Latency, LimitData, ResetPeer, Slicer, SlowClose, Timeout
from tests.toxics.events import Close, Data, Eof, Event, Reset
from tests.toxics.toxic import Dose, Stream, Toxic

NOW = 1_000.0


def on_link(toxic: Toxic, seed: int = 1) -> Toxic:
    return toxic.on_link(Random(seed))


def all_of(toxic: Toxic, pieces: Iterable[bytes]) -> list[Event]:
    """What becomes of pieces that all arrive now."""
    return [event for piece in pieces for event in toxic.take(Data(NOW, piece))]


def content(events: Sequence[Event]) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, Data))


@given(latency=st.integers(0, 10_000), jitter=st.integers(0, 10_000), seed=st.integers())
def test_latency_delays_by_what_it_says(latency: int, jitter: int, seed: int) -> None:
    (event,) = all_of(on_link(Latency(latency, jitter), seed), [b"x"])

    assert max(0, latency - jitter) - 1e-6 <= (event.due - NOW) * 1000 <= latency + jitter + 1e-6
    assert content([event]) == b"x"


def test_jitter_differs_from_piece_to_piece_and_not_from_run_to_run() -> None:
    runs = [all_of(on_link(Latency(100, 50), seed), [b"x"] * 20) for seed in (1, 1, 2)]

    assert len({event.due for event in runs[0]}) > 1
    assert runs[0] == runs[1] != runs[2]


@given(pieces=st.lists(st.binary(min_size=1, max_size=2_000), max_size=10), rate=st.integers(1, 5))
def test_bandwidth_is_never_exceeded_and_loses_nothing(pieces: list[bytes], rate: int) -> None:
    events = all_of(on_link(Bandwidth(rate)), pieces)

    assert content(events) == b"".join(pieces)
    for number, event in enumerate(events, start=1):
        passed = len(content(events[:number]))
        assert passed <= (event.due - NOW) * rate * 1_000 + 1e-6


def test_no_bandwidth_lets_nothing_pass() -> None:
    (event,) = all_of(on_link(Bandwidth(0)), [b"x"])

    assert event.due == math.inf


@given(
    pieces=st.lists(st.binary(max_size=200), max_size=5),
    average=st.integers(1, 50),
    variation=st.integers(0, 49),
    delay=st.integers(0, 1_000),
)
def test_slices_are_of_the_size_and_nothing_is_lost(
    pieces: list[bytes], average: int, variation: int, delay: int
) -> None:
    variation = min(variation, average - 1)
    events = all_of(on_link(Slicer(average, variation, delay)), pieces)

    assert content(events) == b"".join(pieces)
    sizes = [len(event.data) for event in events if isinstance(event, Data)]
    assert all(0 < size <= average + variation for size in sizes)
    assert sum(size < average - variation for size in sizes) <= len(pieces), "only the last of each piece"
    gaps = [later.due - sooner.due for sooner, later in pairwise(events)]
    assert gaps == pytest.approx([delay / 1e6] * len(gaps), abs=1e-9)


@given(pieces=st.lists(st.binary(min_size=1, max_size=20), max_size=10), limit=st.integers(0, 100))
def test_data_beyond_the_limit_is_lost_and_the_connection_with_it(pieces: list[bytes], limit: int) -> None:
    events = all_of(on_link(LimitData(limit)), pieces)

    sent = b"".join(pieces)
    assert content(events) == sent[:limit]
    reached = bool(pieces) and len(sent) >= limit
    assert any(isinstance(event, Close) for event in events) is reached


def test_a_timeout_drops_all_and_closes_in_time() -> None:
    toxic = on_link(Timeout(250))

    assert toxic.begin(NOW) == Close(NOW + 0.25)
    assert all_of(toxic, [b"lost", b"too"]) == []
    assert on_link(Timeout()).begin(NOW) is None, "mute without an end"
    assert toxic.end(NOW) == Close(NOW), "what follows would be garbage"


def test_an_end_is_delayed_by_a_slow_close_and_by_nothing_else() -> None:
    assert list(on_link(SlowClose(300)).take(Eof(NOW))) == [Eof(NOW + 0.3)]
    for toxic in (Latency(300), Bandwidth(1), Timeout(300), Slicer(1), LimitData(1)):
        assert list(on_link(toxic).take(Eof(NOW))) == [Eof(NOW)]


def test_a_reset_loses_the_piece_that_caused_it() -> None:
    assert all_of(on_link(ResetPeer(100)), [b"lost"]) == [Reset(NOW + 0.1)]
    assert list(on_link(ResetPeer()).take(Eof(NOW))) == [Reset(NOW)]


def test_links_do_not_share_what_a_toxic_remembers() -> None:
    toxic = LimitData(3)
    one, two = on_link(toxic), on_link(toxic)

    assert content(all_of(one, [b"12345"])) == content(all_of(two, [b"12345"])) == b"123"


def test_toxicity_is_a_share_of_links_and_the_same_for_the_same_seed() -> None:
    dose = Dose("some", Latency(), Stream.DOWNSTREAM, 0.3)
    runs = [[dose.on_link(f"7/{link}") is not None for link in range(1_000)] for _ in range(2)]

    assert 200 < sum(runs[0]) < 400
    assert runs[0] == runs[1]


@pytest.mark.parametrize(("toxicity", "hit"), [(0.0, False), (1.0, True)])
def test_no_toxicity_spares_every_link_and_a_full_one_none(toxicity: float, hit: bool) -> None:
    dose = Dose("some", Latency(), Stream.DOWNSTREAM, toxicity)

    assert all((dose.on_link(f"7/{link}") is not None) is hit for link in range(100))


@pytest.mark.parametrize(
    ("kind", "numbers"), [(Latency, (-1,)), (Latency, (1, -1)), (Slicer, (10, 10)), (Slicer, ())]
)
def test_attributes_have_bounds(kind: type[Toxic], numbers: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must"):
        kind(*numbers)


@pytest.mark.parametrize("toxicity", [-0.1, 1.1])
def test_a_share_is_from_nought_to_one(toxicity: float) -> None:
    with pytest.raises(ValueError, match="toxicity must"):
        Dose("some", Latency(), Stream.UPSTREAM, toxicity)
