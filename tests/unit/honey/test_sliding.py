"""Lots that slide: what is an activity and what is none, and lots that come from elsewhere, or late."""

from collections.abc import Callable

import pytest

from domain.honey.commands.earn import EarnPoints, ReversePoints, earn_points, reverse_points
from domain.honey.commands.events import record_event
from domain.honey.commands.operate import (
    AdjustPoints,
    ReinstatePoints,
    TransferPoints,
    adjust_points,
    reinstate_points,
    transfer_points,
)
from domain.honey.commands.spend import (
    ConfirmHold,
    HoldPoints,
    ReleaseHold,
    SpendPoints,
    confirm_hold,
    hold_points,
    release_hold,
    spend_points,
)
from domain.honey.earning_expiry import Sliding
from domain.honey.programme import Programme
from domain.honey.wallets import MEMBER, Owner, wallet_id_of
from domain.shared.instants import DAY, HOUR, Instant, Period, Unit
from tests.unit.honey.earnings import START, a_rule, an_order, the_rules
from tests.unit.honey.histories import WALLET
from tests.unit.honey.ports import Ledger
from tests.unit.honey.test_recording import recording

NOON = 10 * DAY + 12 * HOUR
WEEK = Period(7, Unit.DAY)
OTHER = wallet_id_of("honey", Owner(MEMBER, "m2"))


@pytest.fixture
def ledger() -> Ledger:
    """With a lot of 100 that slides, earned on day 10, one that does not, and a hold of 10."""
    ledger = Ledger(Programme("honey", zone="UTC"))
    ledger.run(earn_points, EarnPoints(WALLET, "slides", 100, sliding=WEEK), NOON)
    ledger.run(earn_points, EarnPoints(WALLET, "stays", 100, expires=NOON + 90 * DAY), NOON)
    ledger.run(hold_points, HoldPoints(WALLET, "held", 10), NOON)
    ledger.run(spend_points, SpendPoints(WALLET, "spent", 10), NOON)
    return ledger


def last_day(ledger: Ledger, lot_id: str = "slides") -> float:
    """Through which day it lives."""
    expires = ledger.lots.rows[lot_id].expires
    assert expires is not None
    return expires / DAY - 1


def earning(ledger: Ledger, now: Instant) -> None:
    ledger.run(earn_points, EarnPoints(WALLET, f"at {now}", 1), now)


def spending(ledger: Ledger, now: Instant) -> None:
    ledger.run(spend_points, SpendPoints(WALLET, f"at {now}", 1), now)


def confirming(ledger: Ledger, now: Instant) -> None:
    ledger.run(confirm_hold, ConfirmHold(WALLET, f"at {now}", "held", 4), now)


def holding(ledger: Ledger, now: Instant) -> None:
    ledger.run(hold_points, HoldPoints(WALLET, f"at {now}", 1), now)


def releasing(ledger: Ledger, now: Instant) -> None:
    ledger.run(release_hold, ReleaseHold(WALLET, f"at {now}", "held"), now)


def undoing(ledger: Ledger, now: Instant) -> None:
    ledger.run(reverse_points, ReversePoints(WALLET, f"at {now}", "spent"), now)


def giving(ledger: Ledger, now: Instant) -> None:
    ledger.run(transfer_points, TransferPoints(WALLET, OTHER, f"at {now}", 1), now)


def being_given(ledger: Ledger, now: Instant) -> None:
    ledger.run(earn_points, EarnPoints(OTHER, f"for {now}", 1), now)
    ledger.run(transfer_points, TransferPoints(OTHER, WALLET, f"at {now}", 1), now)


def being_adjusted(ledger: Ledger, now: Instant) -> None:
    ledger.run(adjust_points, AdjustPoints(WALLET, f"at {now}", 5), now)
    ledger.run(adjust_points, AdjustPoints(WALLET, f"at {now} again", -5), now)


@pytest.mark.parametrize("act", [earning, spending, confirming])
def test_whoever_earns_or_spends_is_active(ledger: Ledger, act: Callable[[Ledger, Instant], None]) -> None:
    assert last_day(ledger) == 17
    act(ledger, NOON + 3 * DAY)
    assert (last_day(ledger), last_day(ledger, "stays")) == (20, 99.5)


@pytest.mark.parametrize("act", [holding, releasing, undoing, giving, being_given, being_adjusted])
def test_nothing_else_is_an_activity(ledger: Ledger, act: Callable[[Ledger, Instant], None]) -> None:
    act(ledger, NOON + 3 * DAY)
    assert last_day(ledger) == 17


def test_what_has_expired_stays_so(ledger: Ledger) -> None:
    """HO-12: though something of it is held and can be spent through its hold."""
    spending(ledger, NOON + 8 * DAY)
    slides = ledger.lots.rows["slides"]
    assert (last_day(ledger), slides.expired, slides.held) == (17, 80, 10)


def test_what_is_given_slides_with_its_new_owner(ledger: Ledger) -> None:
    """From the first day on, though the new owner was active earlier that day."""
    ledger.run(earn_points, EarnPoints(OTHER, "their own", 5, sliding=WEEK), NOON + 3 * DAY)
    giving(ledger, NOON + 3 * DAY)
    given = f"at {NOON + 3 * DAY}.1"
    assert last_day(ledger, given) == 17
    ledger.run(earn_points, EarnPoints(OTHER, "more", 5), NOON + 3 * DAY + HOUR)
    assert (last_day(ledger, given), last_day(ledger)) == (20, 17)


def test_an_event_that_is_told_late_is_an_activity_of_when_it_is_told() -> None:
    rules = the_rules(a_rule(expiry=Sliding(WEEK)))
    ledger = Ledger(Programme("honey", zone="UTC", scenes=rules.scenes))
    event = an_order(1_000)
    found = ledger.run(record_event, recording(event), START + 3 * DAY)
    assert found.lots[0].sliding == WEEK
    assert last_day(ledger, found.lots[0].lot_id) == START // DAY + 3 + 7


def test_what_an_operator_gave_back_does_not_slide(ledger: Ledger) -> None:
    now, until = NOON + 10 * DAY, NOON + 12 * DAY
    ledger.run(reinstate_points, ReinstatePoints(WALLET, "favour", "slides", until), now)
    spending(ledger, now)
    assert ledger.lots.rows["slides"].expires == until


def test_what_comes_back_to_an_empty_lot_lives_as_if_it_had_never_been_empty(ledger: Ledger) -> None:
    """HO-7: also through several periods; but not beyond a time in which the member did nothing."""
    for which in ("alive", "lapsed"):
        ledger.run(earn_points, EarnPoints(WALLET, which, 5, priority=-1, sliding=WEEK), NOON)
        ledger.run(spend_points, SpendPoints(WALLET, f"{which} spent", 5), NOON)
    for week in range(1, 5):
        earning(ledger, NOON + week * 7 * DAY)
    ledger.run(reverse_points, ReversePoints(WALLET, "undo 1", "alive spent"), NOON + 30 * DAY)
    assert (last_day(ledger, "alive"), ledger.lots.rows["alive"].active) == (10 + 4 * 7 + 7, 5)
    earning(ledger, NOON + 60 * DAY)
    ledger.run(reverse_points, ReversePoints(WALLET, "undo 2", "lapsed spent"), NOON + 61 * DAY)
    assert (last_day(ledger, "lapsed"), ledger.lots.rows["lapsed"].expired) == (45, 5)


def test_lots_are_looked_at_once_a_day(ledger: Ledger) -> None:
    spending(ledger, NOON + 3 * DAY)
    assert ledger.wallets.get(WALLET).renews == 14 * DAY
    earning(ledger, NOON + 3 * DAY + HOUR)
    assert ledger.wallets.get(WALLET).renews == 14 * DAY
