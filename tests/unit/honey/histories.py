"""Histories of commands on one wallet, and how each is done on both ledgers."""

from contextlib import suppress
from dataclasses import dataclass

from hypothesis import strategies as st

from domain.honey.commands.earn import EarnPoints, ReversePoints, earn_points, reverse_points
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
from domain.honey.programme import HeldExpiry, Programme, Shortfall, WaiveBudget
from domain.honey.wallets import MEMBER, Owner, wallet_id_of
from domain.honey.windows import Window
from domain.shared.errors import DomainError
from domain.shared.instants import Instant, Period, Unit
from tests.unit.honey.naive import TICK, NaiveLot, NaiveRefusal, NaiveWallet
from tests.unit.honey.ports import Ledger

LONGEST_HOLD = 20 * TICK
WHATS = ("earn", "earn", "spend", "hold", "hold", "confirm", "release", "undo", "take back")
WALLET = wallet_id_of("honey", Owner(MEMBER, "m1"))

PROGRAMMES = st.builds(
    Programme,
    programme_id=st.just("honey"),
    zone=st.just("UTC"),
    held_expiry=st.sampled_from(HeldExpiry),
    shortfall=st.sampled_from(Shortfall),
    longest_hold=st.just(LONGEST_HOLD),
    waive_budget=st.builds(WaiveBudget, st.integers(1, 12), st.sampled_from([Window.DAY, Window.LIFETIME])),
    reinstatement_window=st.integers(0, 3).map(lambda ticks: ticks * TICK),
)


@dataclass(frozen=True)
class Command:
    """One command. `what` names it, `which` the spend, hold or lot that it makes or is about."""

    at: Instant
    what: str
    which: str
    points: int = 0
    until: Instant | None = None
    active_from: Instant = 0
    priority: int = 0
    sliding: int = 0
    """Days, in the place of `until`."""
    again: str = ""
    """Of a command about another's transaction: its own id."""

    def on(self, ledger: Ledger) -> None:
        """Raises DomainError."""
        match self.what:
            case "earn":
                earned = EarnPoints(
                    WALLET,
                    self.which,
                    self.points,
                    self.active_from,
                    self.until,
                    priority=self.priority,
                    sliding=Period(self.sliding, Unit.DAY) if self.sliding else None,
                )
                ledger.run(earn_points, earned, self.at)
            case "spend":
                ledger.run(spend_points, SpendPoints(WALLET, self.which, self.points), self.at)
            case "hold":
                held = HoldPoints(WALLET, self.which, self.points, self.until)
                ledger.run(hold_points, held, self.at)
            case "confirm":
                confirmed = ConfirmHold(WALLET, f"{self.which}!", self.which, self.points)
                ledger.run(confirm_hold, confirmed, self.at)
            case "release":
                ledger.run(release_hold, ReleaseHold(WALLET, self.again, self.which), self.at)
            case "reverse":
                undone = ReversePoints(WALLET, self.again, self.which, self.points)
                ledger.run(reverse_points, undone, self.at)

    def on_naive(self, naive: NaiveWallet) -> None:
        """Raises NaiveRefusal."""
        naive.go_to(self.at // TICK)
        until = None if self.until is None else self.until // TICK
        match self.what:
            case "earn":
                active_from = self.active_from // TICK
                lot = NaiveLot(self.which, self.points, active_from, until, self.priority, self.sliding)
                naive.earn(lot)
            case "spend":
                naive.spend(self.which, self.points)
            case "hold":
                naive.hold(self.which, self.points, until or 0)
            case "confirm":
                naive.confirm(self.which, f"{self.which}!", self.points)
            case "release":
                naive.release(self.which)
            case "reverse":
                naive.reverse(self.which, self.points)


def run_both(command: Command, ledger: Ledger, naive: NaiveWallet) -> None:
    """Both do it, or both refuse it for the same reason."""
    refusals = ["", ""]
    try:
        command.on(ledger)
    except DomainError as refusal:
        refusals[0] = refusal.reason
    try:
        command.on_naive(naive)
    except NaiveRefusal as refusal:
        refusals[1] = str(refusal)
    assert refusals[0] == refusals[1], command


def run_all(history: list[Command], programme: Programme) -> Ledger:
    """What can be done of it is done."""
    ledger = Ledger(programme)
    for command in history:
        with suppress(DomainError):
            command.on(ledger)
    return ledger


@st.composite
def histories(draw: st.DrawFn) -> list[Command]:
    """Some earnings, and then commands in order of time, most of them about what is there; at most forty."""
    at, lots, holds, spends = 0, list[str](), list[str](), list[str]()
    history = list[Command]()
    for number in range(draw(st.integers(1, 10)) + draw(st.integers(0, 30))):
        at += draw(st.sampled_from([0, 0, 1, 1, 2, 12])) * TICK
        what = draw(st.sampled_from(WHATS)) if lots else "earn"
        points, again = draw(st.integers(1, 9)), f"again{number}"
        match what:
            case "earn":
                lots.append(f"lot{len(lots) + 1}")
                history.append(_earning(draw, at, lots[-1], points))
            case "spend":
                spends.append(f"spend{number}")
                history.append(Command(at, what, spends[-1], points))
            case "hold":
                holds.append(f"hold{number}")
                history.append(Command(at, what, holds[-1], points, at + draw(st.integers(1, 9)) * TICK))
            case "confirm" | "release":
                which = draw(st.sampled_from([*holds[-3:], "hold of nobody"]))
                spends += [f"{which}!"] if what == "confirm" else []
                history.append(Command(at, what, which, points, again=again))
            case "undo":
                which = draw(st.sampled_from([*spends[-3:], "spend of nobody"]))
                history.append(Command(at, "reverse", which, points, again=again))
            case "take back":
                which = draw(st.sampled_from(lots[-5:]))
                history.append(Command(at, "reverse", which, points, again=again))
    return history


def _earning(draw: st.DrawFn, at: Instant, lot_id: str, points: int) -> Command:
    active_from = at + draw(st.integers(0, 4)) * TICK
    lives = draw(st.none() | st.integers(1, 12))
    sliding = 0 if lives else draw(st.integers(0, 3))
    expires = None if lives is None else active_from + lives * TICK
    return Command(at, "earn", lot_id, points, expires, active_from, draw(st.integers(0, 1)), sliding)
