"""Earnings and spends are undone, with what hangs on them: the merchant who paid, the caps that counted."""

from domain.honey.earning_caps import given_back
from domain.honey.event_records import counter_key
from domain.honey.lots import Lot
from domain.honey.merchants import Merchant
from domain.honey.ports import HoneyPorts
from domain.honey.reversing import take_back
from domain.honey.spending import give_back
from domain.honey.spends import Spend
from domain.honey.wallet import Occasion, Wallet
from domain.honey.wallets import owner_of
from domain.shared.doing import Doing


class Undoing:
    """What one command undoes in a member's wallet."""

    def __init__(self, wallet: Wallet, ports: HoneyPorts, doing: Doing, occasion: Occasion) -> None:
        self._wallet = wallet
        self._ports = ports
        self._doing = doing
        self._occasion = occasion

    def earning(self, lot: Lot, points: int) -> int:
        """So much of an earning; how much of that is waived. Raises Refused (MORE_THAN_EARNED)."""
        after = take_back(self._wallet, self._ports.counters, lot, points)
        self._make_room(lot, points)
        if lot.funding:
            self._merchant(lot.funding).grant(-points)
        return after.waived - lot.waived

    def spend(self, spent: Spend, points: int) -> None:
        """So much of a spend. Raises Refused (MORE_THAN_SPENT)."""
        give_back(self._wallet, spent, points)
        if spent.merchant_id:
            self._merchant(spent.merchant_id).redeem(-points)

    def _make_room(self, lot: Lot, points: int) -> None:
        """Caps count what is earned in a window less what is taken back in it (HO-10)."""
        earned = self._ports.rule_earnings.of_lot(lot.lot_id)
        if earned is None:
            return
        programme_id, owner = owner_of(self._wallet.wallet_id)
        # The windows are those of the zone in which they were counted.
        zone = self._ports.programmes.of(earned.revision, programme_id).zone
        back = given_back(earned.takings, points, self._wallet.now, zone)
        for counter, fewer in back.items():
            self._ports.counters.add(counter_key(programme_id, owner.owner_id, counter), -fewer)

    def _merchant(self, merchant_id: str) -> Merchant:
        programme_id, _ = owner_of(self._wallet.wallet_id)
        return Merchant(self._ports, programme_id, merchant_id, self._doing, self._occasion)
