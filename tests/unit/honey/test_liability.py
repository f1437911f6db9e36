"""Months of a zone, and what of ended points was never used."""

from datetime import datetime
from zoneinfo import ZoneInfo

from domain.honey.liability import Liability, Month, months_from
from domain.shared.instants import from_datetime


def at(text: str, zone: str = "Asia/Shanghai") -> int:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def test_the_present_month_begins_now_and_others_at_their_midnights() -> None:
    now = at("2026-11-30 23:59")
    assert months_from(now, "Asia/Shanghai", 3) == [
        Month("2026-11", now, at("2026-12-01")),
        Month("2026-12", at("2026-12-01"), at("2027-01-01")),
        Month("2027-01", at("2027-01-01"), at("2027-02-01")),
    ]


def test_a_month_in_which_clocks_go_forward_is_an_hour_shorter() -> None:
    [_, march] = months_from(at("2027-02-01", "Europe/Berlin"), "Europe/Berlin", 2)
    assert (march.end - march.start) == (31 * 24 - 1) * 3_600 * 1_000_000


def test_breakage_is_what_expired_of_what_ended() -> None:
    of = Liability("", 10, 5, 5, 0, 1_000, 320, 20, {}, 0, 0)
    assert (of.used, of.breakage_ppm) == (640, 333_333)
    assert Liability("", 10, 0, 0, 0, 10, 0, 0, {}, 0, 0).breakage_ppm == 0


def test_what_is_owed_was_used_once_more() -> None:
    """An earning of 50 was spent and then taken back: it is owed, and it was used."""
    assert Liability("", 0, 0, 0, 50, 50, 0, 50, {}, 0, 0).used == 50
