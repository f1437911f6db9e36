"""The wallet of one owner in one programme, as one command works on it.

Points move through `post` alone: it changes the balances and the lots together, and refuses what does not
balance, so that nobody counts by hand (HO-1, HO-3). What was posted is written by `close`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from domain.honey.accounts import Account
from domain.honey.earning_expiry import slid
from domain.honey.holds import Hold
from domain.honey.lots import Lot
from domain.honey.ports import HoneyPorts
from domain.honey.posting import balances_after, changed, changes_of_lots
from domain.honey.programme import Programme
from domain.honey.qualifying import Movement
from domain.honey.spends import Spend
from domain.honey.transactions import ACTIVITIES, Entry, Kind, Transaction, chained
from domain.honey.wallets import Standing, owner_of
from domain.honey.watching import Watch, with_expiry, with_movement
from domain.shared.doing import Doing
from domain.shared.instants import Instant, midnight_after


@dataclass(frozen=True, slots=True)
class Occasion:
    """What transactions say of the command that they come from."""

    transaction_id: str = ""
    cause: str = ""
    occurred: Instant | None = None
    """When what earns happened; None: now."""


BY_ITSELF = Occasion()
"""Nobody asked for it."""


class Wallet:
    """Balances, lots and holds as they stand after the command so far. Raises NotFound for its programme."""

    def __init__(self, ports: HoneyPorts, wallet_id: str, doing: Doing, occasion: Occasion) -> None:
        self.programme: Programme = ports.programmes.get(owner_of(wallet_id)[0])
        self._ports = ports
        self._doing = doing
        self._occasion = occasion
        self._before = ports.wallets.get(wallet_id)
        self._standing = self._before
        self._posted: list[Transaction] = []
        # Time never runs backwards in a wallet, whatever the clocks of its servers do.
        self.now = max(doing.now, self._before.effective)

    @property
    def standing(self) -> Standing:
        """As it is now."""
        return self._standing

    @property
    def wallet_id(self) -> str:
        return self._standing.wallet_id

    @property
    def posted(self) -> Sequence[Transaction]:
        """What this command has posted, in order."""
        return tuple(self._posted)

    def turn_to(self, occasion: Occasion) -> None:
        """What is posted from now on says this."""
        self._occasion = occasion

    def balance(self, account: Account) -> int:
        return self._standing.balance(account)

    def lot(self, lot_id: str) -> Lot | None:
        """One of its lots."""
        lot = self._ports.lots.get(lot_id)
        return lot if lot and lot.wallet_id == self.wallet_id else None

    def own_lot(self, lot_id: str) -> Lot:
        """A lot that is known to be one of its own."""
        lot = self.lot(lot_id)
        assert lot, f"lot {lot_id} is not of wallet {self.wallet_id}"
        return lot

    def burnable(self) -> Iterator[Lot]:
        """Its lots with active points, in burn order."""
        return self._ports.lots.burnable(self.wallet_id)

    def owed_lots(self) -> Sequence[Lot]:
        """Its lots of which something is owed."""
        return self._ports.lots.owed(self.wallet_id) if self.balance(Account.DEBT) else ()

    def due_lots(self) -> Sequence[Lot]:
        """Its lots to which something happens by now."""
        return self._ports.lots.due(self.wallet_id, self.now)

    def sliding_lots(self) -> Sequence[Lot]:
        """Its lots that are prolonged if the member is active now."""
        renews = self._standing.renews
        if renews is None or self.now < renews:
            return ()
        return self._ports.lots.sliding(self.wallet_id)

    def last_active(self, before: Instant) -> Instant | None:
        """The last instant before another at which the member was active."""
        posted = (each.effective for each in reversed(self._posted) if each.kind in ACTIVITIES)
        just_now = next((instant for instant in posted if instant < before), None)
        return self._ports.wallets.last_active(self.wallet_id, before) if just_now is None else just_now

    def hold(self, hold_id: str) -> Hold | None:
        """One of its holds."""
        hold = self._ports.holds.get(hold_id)
        return hold if hold and hold.wallet_id == self.wallet_id else None

    def open_holds(self) -> Sequence[Hold]:
        return self._ports.holds.open(self.wallet_id) if self.balance(Account.HELD) else ()

    def spend(self, transaction_id: str) -> Spend | None:
        """One of its spends."""
        spend = self._ports.spends.get(transaction_id)
        return spend if spend and spend.wallet_id == self.wallet_id else None

    def add(self, lot: Lot) -> Lot:
        """A new lot of this wallet, without points yet."""
        number = self._standing.lots + 1
        numbered = replace(lot, wallet_id=self.wallet_id, number=number)
        self._standing = replace(self._standing, lots=number, renews=self._renewing(numbered))
        self._put(numbered)
        self._note_expiry(numbered.expires)
        return numbered

    def qualify(self, lot: Lot, points: int) -> None:
        """So many qualifying points more by an earning, or with a negative number fewer (HO-13)."""
        earned = self._ports.movements.of_lot(lot.lot_id) if points < 0 else None
        if points < 0 and earned is None:
            return  # It never qualified.
        watch, occurred = self._standing.watch, self._occasion.occurred if points > 0 else None
        # What was told of an instant is told: what comes at the same one comes after it.
        now = self.now if watch.looked is None else max(self.now, watch.looked + 1)
        effective = now if occurred is None else min(occurred, now)
        movement = Movement(points, effective, now, earned.effective if earned else None)
        self._ports.movements.add(self._standing, lot.lot_id, movement)
        if self.programme.tiers:
            self.watch(with_movement(watch, movement))

    def watch(self, watch: Watch) -> None:
        """Watches the member differently from now on."""
        self._standing = replace(self._standing, watch=watch)

    def live_until(self, lot: Lot, expires: Instant) -> None:
        """A lot that was over lives again until then, whatever the member does."""
        self._put(replace(lot, expires=expires, sliding=None))
        self._note_expiry(expires)

    def prolong(self, lot: Lot, expires: Instant) -> None:
        """A lot that slides expires later."""
        self._put(replace(lot, expires=expires))
        self._note_expiry(expires)

    def renewed(self) -> None:
        """All that slides counts from today: it is prolonged again from tomorrow on."""
        if self._standing.renews is not None:
            tomorrow = midnight_after(self.now, self.programme.zone)
            self._standing = replace(self._standing, renews=tomorrow)

    def keep(self, hold: Hold) -> Hold:
        """A hold as it is now."""
        self._ports.holds.put(hold)
        if hold.is_open:
            self._note_due(hold.expires)
        return hold

    def remember(self, spend: Spend) -> Spend:
        """A spend as it is now."""
        self._ports.spends.put(spend)
        return spend

    def post(self, kind: Kind, entries: Sequence[Entry], fell_due: Instant | None = None) -> None:
        """Move points: now, or at the instant when it fell due by itself. Entries of nothing are left out.

        Raises ValueError if they do not add up to zero, or if an account or a lot would have too little.
        """
        moved = tuple(entry for entry in entries if entry.points)
        if not moved:
            return
        balances = balances_after(self._standing.balances, kind, moved)
        for lot_id, change in changes_of_lots(moved).items():
            self._put(changed(self.own_lot(lot_id), change))
        before, occasion = self._standing, self._occasion if fell_due is None else BY_ITSELF
        posted = Transaction(
            wallet_id=before.wallet_id,
            seq=before.version + 1,
            kind=kind,
            entries=moved,
            effective=self.now if fell_due is None else max(fell_due, before.effective),
            recorded=self.now,
            transaction_id=occasion.transaction_id,
            actor=self._doing.actor,
            cause=occasion.cause,
            reason=self._doing.reason if fell_due is None else "",
            balances=balances,
            link=b"",
        )
        posted = replace(posted, link=chained(before.link, posted))
        self._posted.append(posted)
        self._standing = replace(
            self._standing,
            version=posted.seq,
            balances=balances,
            effective=posted.effective,
            link=posted.link,
        )

    def caught_up(self) -> None:
        """All that fell due by now has happened: what is next?"""
        following = [self._ports.lots.next_due(self.wallet_id, self.now)]
        following += [hold.expires for hold in self.open_holds()]
        due = min((each for each in following if each is not None), default=None)
        self._standing = replace(self._standing, next_due=due)

    def close(self) -> Standing:
        """Write what was posted; how the wallet stands now."""
        if self._standing != self._before:
            self._ports.wallets.append(self._before, self._posted, self._standing)
        return self._standing

    def _renewing(self, lot: Lot) -> Instant | None:
        """From when on one may be prolonged, now that there is this lot, too."""
        known, zone = self._standing.renews, self.programme.zone
        if lot.sliding is None or lot.expires is None:
            return known
        is_behind = slid(lot.sliding, self.now, zone) > lot.expires
        first = self.now if is_behind else midnight_after(self.now, zone)
        return first if known is None else min(first, known)

    def _put(self, lot: Lot) -> None:
        self._ports.lots.put(lot)
        self._note_due(lot.due)

    def _note_expiry(self, expires: Instant | None) -> None:
        """Points that expire then are to be told of, if the programme does so."""
        notice, zone = self.programme.notice, self.programme.zone
        if notice and expires is not None:
            self.watch(with_expiry(self._standing.watch, expires, notice, zone, self.now))

    def _note_due(self, due: Instant | None) -> None:
        # What was due by now has happened, or is about to.
        if due is None or due <= self.now:
            return
        known = self._standing.next_due
        if known is None or due < known:
            self._standing = replace(self._standing, next_due=due)
