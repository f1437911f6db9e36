"""A second ledger, as simple as can be: every point is a thing of its own, and time goes by tick by tick."""

from collections import Counter
from dataclasses import dataclass, field

from domain.honey.accounts import Account
from domain.honey.programme import HeldExpiry, Programme, Shortfall
from domain.honey.windows import Window
from domain.shared.instants import HOUR

TICK = 6 * HOUR
"""Of an instant: here they are counted in ticks."""
TICKS_A_DAY = 4


class NaiveRefusal(Exception):
    """Says why in one word."""


@dataclass
class NaiveLot:
    """What came in at once."""

    lot_id: str
    earned: int
    active_from: int
    expires: int | None
    priority: int
    sliding: int = 0
    """It lives through so many days more than the last active one of its member. 0: it does not slide."""


@dataclass
class Point:
    """One point, and where it is; of a hold or spend, which, and the how many-th."""

    lot: str
    where: str = "PENDING"
    of: str = ""
    place: int = 0


@dataclass
class NaiveWallet:
    """Knows nothing of parts, entries or sums."""

    programme: Programme
    now: int = 0
    lots: dict[str, NaiveLot] = field(default_factory=dict)
    """In the order in which they came."""
    points: list[Point] = field(default_factory=list)
    owed: Counter[str] = field(default_factory=Counter)
    taken_back: Counter[str] = field(default_factory=Counter)
    waived: Counter[str] = field(default_factory=Counter)
    waived_in: Counter[int] = field(default_factory=Counter)
    """How many were waived, by day, or if all days count together on day 0; not less if some come back."""
    holds: dict[str, int] = field(default_factory=dict)
    """When each ends or would have ended; negative once it is over."""
    spends: set[str] = field(default_factory=set)

    def balance(self, account: Account) -> int:
        match account:
            case Account.ISSUED:
                return -sum(lot.earned for lot in self.lots.values())
            case Account.DEBT:
                return -self.owed.total()
            case Account.REVERSED:
                return self.taken_back.total()
            case Account.WAIVED:
                return self.waived.total()
            case Account.FORGONE:
                return -self.waived.total()
        return len(self._where(account.value))

    def go_to(self, now: int) -> None:
        while self.now < now:
            self.now += 1
            self._tick()

    def earn(self, lot: NaiveLot) -> None:
        if lot.sliding:
            lot.expires = _end_of(lot.active_from, lot.sliding)
        self.lots[lot.lot_id] = lot
        self._be_active()
        self.points += [Point(lot.lot_id) for _ in range(lot.earned)]
        if lot.active_from <= self.now:
            self._activate(lot.lot_id)

    def spend(self, spend_id: str, count: int) -> None:
        for place, point in enumerate(self._burnt(count)):
            point.where, point.of, point.place = "SPENT", spend_id, place
        self.spends.add(spend_id)
        self._be_active()

    def hold(self, hold_id: str, count: int, expires: int) -> None:
        for place, point in enumerate(self._burnt(count)):
            point.where, point.of, point.place = "HELD", hold_id, place
        self.holds[hold_id] = expires

    def confirm(self, hold_id: str, spend_id: str, count: int) -> None:
        pinned = self._pinned(hold_id)
        if count > len(pinned):
            raise NaiveRefusal("MORE_THAN_HELD")
        for point in pinned[:count]:
            point.where, point.of = "SPENT", spend_id
        self.spends.add(spend_id)
        self._be_active()
        self._end(hold_id)

    def release(self, hold_id: str) -> None:
        self._pinned(hold_id)
        self._end(hold_id)

    def reverse(self, which: str, count: int) -> None:
        if which in self.spends:
            self._give_back(which, count)
        elif which in self.lots:
            self._take_back(which, count)
        else:
            raise NaiveRefusal("TRANSACTION_NOT_FOUND")

    def _give_back(self, spend_id: str, count: int) -> None:
        spent = [point for point in self._where("SPENT") if point.of == spend_id]
        if count > len(spent):
            raise NaiveRefusal("MORE_THAN_SPENT")
        window = self.programme.reinstatement_window // TICK
        back = sorted(spent, key=lambda point: -point.place)[:count]
        for lot in (self.lots[point.lot] for point in back):
            if window and lot.expires is not None and lot.expires <= self.now < lot.expires + window:
                lot.expires, lot.sliding = self.now + window, 0
        for point in back:
            self._come_back(point)

    def _take_back(self, lot_id: str, count: int) -> None:
        if count > self.lots[lot_id].earned - self.taken_back[lot_id] - self.waived[lot_id]:
            raise NaiveRefusal("MORE_THAN_EARNED")
        for _ in range(count):
            own = [point for point in self.points if point.lot == lot_id]
            places = ("PENDING", "ACTIVE", "EXPIRED")
            left = [point for where in places for point in own if point.where == where]
            if not left and self.programme.shortfall is Shortfall.TAKE_OTHER_LOTS:
                left = self._in_burn_order()
            if not left and self._waives():
                self.waived[lot_id] += 1
                continue
            self.taken_back[lot_id] += 1
            if left:
                left[0].where = "GONE"
            else:
                self.owed[lot_id] += 1

    def _waives(self) -> bool:
        """One more point, which counts."""
        budget = self.programme.waive_budget
        if self.programme.shortfall is not Shortfall.WAIVE or budget is None:
            return False
        day = 0 if budget.window is Window.LIFETIME else self.now // TICKS_A_DAY
        if self.waived_in[day] >= budget.points:
            return False
        self.waived_in[day] += 1
        return True

    def _was_waived(self, point: Point) -> bool:
        """Then it is taken back after all."""
        if not self.waived[point.lot]:
            return False
        self.waived[point.lot] -= 1
        self.taken_back[point.lot] += 1
        point.where = "GONE"
        return True

    def _be_active(self) -> None:
        """All lots that are not over live on, whatever is left of them."""
        for lot in self.lots.values():
            if lot.sliding and lot.expires is not None and lot.expires > self.now:
                lot.expires = max(lot.expires, _end_of(self.now, lot.sliding))

    def _where(self, where: str) -> list[Point]:
        return [point for point in self.points if point.where == where]

    def _in_burn_order(self) -> list[Point]:
        came = list(self.lots)

        def key(point: Point) -> tuple[int, float, int, int]:
            lot = self.lots[point.lot]
            never = float("inf")
            expires = never if lot.expires is None else lot.expires
            return lot.priority, expires, lot.active_from, came.index(lot.lot_id)

        return sorted(self._where("ACTIVE"), key=key)

    def _burnt(self, count: int) -> list[Point]:
        active = self._in_burn_order()
        if count > len(active):
            raise NaiveRefusal("INSUFFICIENT_POINTS")
        return active[:count]

    def _pinned(self, hold_id: str) -> list[Point]:
        if hold_id not in self.holds:
            raise NaiveRefusal("HOLD_NOT_FOUND")
        if self.holds[hold_id] < 0:
            raise NaiveRefusal("HOLD_NOT_OPEN")
        held = [point for point in self._where("HELD") if point.of == hold_id]
        return sorted(held, key=lambda point: point.place)

    def _end(self, hold_id: str) -> None:
        for point in self._pinned(hold_id):
            self._come_back(point)
        self.holds[hold_id] = -1

    def _come_back(self, point: Point) -> None:
        lot = self.lots[point.lot]
        if self._was_waived(point):
            return
        if lot.expires is not None and lot.expires <= self.now:
            point.where = "EXPIRED"
        else:
            self._become_active(point)

    def _activate(self, lot_id: str) -> None:
        for point in self._where("PENDING"):
            if point.lot == lot_id:
                self._become_active(point)

    def _become_active(self, point: Point) -> None:
        owing = next((lot_id for lot_id in self.lots if self.owed[lot_id]), None)
        if owing is None:
            point.where = "ACTIVE"
        else:
            point.where = "GONE"
            self.owed[owing] -= 1

    def _tick(self) -> None:
        for lot_id, lot in self.lots.items():
            if lot.active_from == self.now:
                self._activate(lot_id)
        for hold_id in sorted(self.holds):
            if self.holds[hold_id] == self.now:
                self._end(hold_id)
        strict = self.programme.held_expiry is HeldExpiry.STRICT
        for point in self.points:
            expires = point.where == "ACTIVE" or (strict and point.where == "HELD")
            if expires and self.lots[point.lot].expires == self.now and not self._was_waived(point):
                point.where = "EXPIRED"
        for hold_id in [hold_id for hold_id, until in self.holds.items() if until >= 0]:
            if not self._pinned(hold_id):
                self.holds[hold_id] = -1


def _end_of(now: int, days: int) -> int:
    """The end of the day so many days after that of `now`."""
    return (now // TICKS_A_DAY + days + 1) * TICKS_A_DAY
