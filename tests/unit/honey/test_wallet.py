"""HO-1 to HO-3, HO-5, HO-6, HO-7, HO-9, HO-11, HO-12: any history, against points counted one by one."""

from collections import Counter
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.honey.accounts import BELOW_ZERO, EITHER_SIDE, Account
from domain.honey.commands.operate import CatchUp, catch_up
from domain.honey.due import EXPIRE_TOGETHER
from domain.honey.programme import HeldExpiry, Programme
from domain.honey.transactions import GENESIS, Kind, chained
from domain.shared.errors import DomainError, Refused
from domain.shared.instants import Instant
from tests.unit.honey.histories import PROGRAMMES, WALLET, Command, histories, run_all, run_both
from tests.unit.honey.naive import TICK, NaiveWallet
from tests.unit.honey.ports import Ledger


@given(PROGRAMMES, histories())
def test_any_history_is_as_if_points_were_counted_one_by_one(
    programme: Programme, history: list[Command]
) -> None:
    ledger, naive = Ledger(programme), NaiveWallet(programme)
    for command in history:
        run_both(command, ledger, naive)
        ledger.run(catch_up, CatchUp(WALLET), command.at)
        _is_sound(ledger)
        standing, lots = ledger.wallets.get(WALLET), ledger.lots.of(WALLET)
        assert {account: standing.balance(account) for account in Account} == {
            account: naive.balance(account) for account in Account
        }
        assert {lot.lot_id: lot.owed for lot in lots if lot.owed} == dict(+naive.owed)
        assert {lot.lot_id: lot.waived for lot in lots if lot.waived} == dict(+naive.waived)
        assert {lot.lot_id: lot.reversed for lot in lots if lot.reversed} == dict(+naive.taken_back)
        for where in ("pending", "active", "held", "expired"):
            counted = Counter(point.lot for point in naive.points if point.where == where.upper())
            assert {lot.lot_id: getattr(lot, where) for lot in lots if getattr(lot, where)} == counted
        assert all(_expires(naive, lot.lot_id) == lot.expires for lot in lots if lot.remaining)
        still_open = {hold_id for hold_id, until in naive.holds.items() if until >= 0}
        assert {hold.hold_id for hold in ledger.holds.open(WALLET)} == still_open


def _expires(naive: NaiveWallet, lot_id: str) -> Instant | None:
    ticks = naive.lots[lot_id].expires
    return None if ticks is None else ticks * TICK


_PARTS = (
    Account.SPENT,
    Account.EXPIRED,
    Account.REVERSED,
    Account.TRANSFERRED,
    Account.ACTIVE,
    Account.PENDING,
    Account.HELD,
)


def _is_sound(ledger: Ledger) -> None:
    replayed: Counter[Account] = Counter()
    link, effective = GENESIS, 0
    for number, transaction in enumerate(ledger.wallets.transactions, 1):
        assert transaction.seq == number
        assert transaction.link == (link := chained(link, transaction))
        assert effective <= (effective := transaction.effective) <= transaction.recorded
        assert sum(entry.points for entry in transaction.entries) == 0
        for entry in transaction.entries:
            replayed[entry.account] += entry.points
        assert transaction.balances == {account: points for account, points in replayed.items() if points}
    standing, lots = ledger.wallets.get(WALLET), ledger.lots.of(WALLET)
    assert standing.link == link
    assert standing.balance(Account.WAIVED) == -standing.balance(Account.FORGONE)
    # HO-2, with what was waived beside it.
    assert -standing.balance(Account.ISSUED) == sum(
        standing.balance(account) for account in (*_PARTS, Account.DEBT)
    )
    for account in set(Account) - EITHER_SIDE:
        assert standing.balance(account) == replayed[account]
        assert standing.balance(account) * (-1 if account in BELOW_ZERO else 1) >= 0
    assert standing.balance(Account.PENDING) == sum(lot.pending for lot in lots)
    assert standing.balance(Account.ACTIVE) == sum(lot.active for lot in lots)
    assert standing.balance(Account.HELD) == sum(lot.held for lot in lots)
    assert standing.balance(Account.HELD) == sum(hold.points for hold in ledger.holds.rows.values())


@given(PROGRAMMES, histories(), st.sets(st.integers(0, 60).map(lambda tick: tick * TICK)))
def test_it_does_not_matter_when_what_is_due_is_done(
    programme: Programme, history: list[Command], looks: set[Instant]
) -> None:
    """HO-11: the same entries, with the instants at which they fell due."""
    seldom, often = Ledger(programme), Ledger(programme)
    before = -1
    for command in history:
        _try(command, seldom)
        for now in sorted(look for look in looks if before < look < command.at):
            often.run(catch_up, CatchUp(WALLET), now)
            often.run(catch_up, CatchUp(WALLET), now)
        before = command.at
        _try(command, often)
    for ledger in (seldom, often):
        ledger.run(catch_up, CatchUp(WALLET), before)
    assert often.told() == seldom.told()


@pytest.mark.parametrize("held_expiry", HeldExpiry)
def test_what_expires_at_one_instant_is_told_together_however_late(held_expiry: HeldExpiry) -> None:
    """As many lots in a transaction as it may have: those with nothing to expire do not count."""
    lots, midnight = 2 * EXPIRE_TOGETHER + 2, 10
    history = [Command(0, "earn", f"lot{number:03}", 2, midnight) for number in range(lots)]
    history += [Command(1, "spend", "two lots", 4), Command(2, "hold", "half a lot", 1, midnight + 5)]
    at_once, late = Ledger(Programme("honey", held_expiry=held_expiry)), []
    for command in history:
        command.on(at_once)
    for now in (midnight, midnight + 20):
        ledger = deepcopy(at_once)
        ledger.run(catch_up, CatchUp(WALLET), now)
        ledger.run(catch_up, CatchUp(WALLET), midnight + 20)
        _is_sound(ledger)
        late.append(ledger.told())
    assert late[0] == late[1]
    expired = [each for each in late[0] if each.kind is Kind.EXPIRED and each.effective == midnight]
    moved = [len({entry.lot_id for entry in each.entries}) for each in expired]
    assert moved == [EXPIRE_TOGETHER, EXPIRE_TOGETHER]


@given(PROGRAMMES, histories())
def test_what_says_when_the_next_thing_is_due_says_it_of_all(
    programme: Programme, history: list[Command]
) -> None:
    """A wallet whose instant has not come need not be looked at."""
    ledger = Ledger(programme)
    for command in history:
        _try(command, ledger)
        standing = ledger.wallets.get(WALLET)
        dues = [lot.due for lot in ledger.lots.of(WALLET) if lot.due is not None]
        dues += [hold.expires for hold in ledger.holds.open(WALLET)]
        coming = [due for due in dues if due > command.at]
        assert not coming or (standing.next_due is not None and standing.next_due <= min(coming))


@given(PROGRAMMES, histories(), st.integers(1, 30))
def test_a_hold_that_is_released_leaves_no_trace(
    programme: Programme, history: list[Command], points: int
) -> None:
    """HO-6: where nothing is owed, which it would repay, and nothing expires meanwhile."""
    ledger = run_all(history, programme)
    now = history[-1].at
    before = _state(ledger, now)
    assume(not ledger.wallets.get(WALLET).balance(Account.DEBT))
    try:
        Command(now, "hold", "one more", points, now + 5 * TICK).on(ledger)
    except DomainError:
        return
    Command(now, "release", "one more", again="again").on(ledger)
    assert _state(ledger, now) == before


@given(PROGRAMMES, histories(), st.integers(1, 9), st.integers(0, 9))
def test_no_more_is_confirmed_than_was_held(
    programme: Programme, history: list[Command], points: int, more: int
) -> None:
    """HO-5."""
    ledger = run_all(history, programme)
    now = history[-1].at
    try:
        Command(now, "hold", "one more", points, now + 5 * TICK).on(ledger)
    except DomainError:
        return
    confirmed = Command(now, "confirm", "one more", points + more)
    if not more:
        confirmed.on(ledger)
        return
    with pytest.raises(Refused, match=f"{points} are held"):
        confirmed.on(ledger)


@given(PROGRAMMES, histories(), st.integers(1, 30))
def test_a_spend_that_is_given_back_in_full_leaves_no_trace(
    programme: Programme, history: list[Command], points: int
) -> None:
    """HO-7: where nothing is owed, which it would repay. But whoever has spent was active."""
    ledger = run_all(history, programme)
    now = history[-1].at
    ledger.run(catch_up, CatchUp(WALLET), now)
    for lot in ledger.lots.of(WALLET):
        ledger.lots.put(replace(lot, sliding=None))
    before = _state(ledger, now)
    assume(not ledger.wallets.get(WALLET).balance(Account.DEBT))
    try:
        Command(now, "spend", "one more", points).on(ledger)
    except DomainError:
        return
    Command(now, "reverse", "one more", points, again="again").on(ledger)
    assert _state(ledger, now) == before


def _try(command: Command, ledger: Ledger) -> None:
    with suppress(DomainError):
        command.on(ledger)


def _state(ledger: Ledger, now: int) -> tuple[object, ...]:
    standing = ledger.run(catch_up, CatchUp(WALLET), now)
    return [standing.balance(account) for account in Account], ledger.lots.of(WALLET)
