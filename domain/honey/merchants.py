"""Merchants: they buy points, have members granted some at their cost, and are paid in points."""

from domain.honey import refusals
from domain.honey.accounts import Account
from domain.honey.due import opened
from domain.honey.earning import MOST
from domain.honey.ports import HoneyPorts
from domain.honey.transactions import Entry, Kind
from domain.honey.wallet import Occasion, Wallet
from domain.honey.wallets import MERCHANT, Owner, wallet_id_of
from domain.shared.doing import Doing


class Merchant:
    """A merchant's wallet in a programme, while a command moves points of a member's."""

    def __init__(
        self, ports: HoneyPorts, programme_id: str, merchant_id: str, doing: Doing, occasion: Occasion
    ) -> None:
        self._merchant_id = merchant_id
        self._wallet = opened(
            ports, wallet_id_of(programme_id, Owner(MERCHANT, merchant_id)), doing, occasion
        )

    @property
    def wallet(self) -> Wallet:
        return self._wallet

    def credit(self, points: int) -> None:
        """Points are bought, or with a negative number given back.

        Raises Refused (INSUFFICIENT_CREDIT, WALLET_FULL).
        """
        self._require(-points)
        if points - self._wallet.balance(Account.PURCHASED) > MOST:
            raise refusals.wallet_full(MOST)
        self._move(Kind.CREDITED, Account.PURCHASED, Account.CREDIT, points)

    def grant(self, points: int) -> None:
        """A member gets points at the merchant's cost, or with a negative number loses them again.

        Raises Refused (INSUFFICIENT_CREDIT).
        """
        self._require(points)
        self._move(Kind.GRANTED, Account.CREDIT, Account.GRANTED, points)

    def redeem(self, points: int) -> None:
        """A member pays the merchant in points, or with a negative number gets them back."""
        self._move(Kind.REDEEMED, Account.REDEEMED, Account.RECEIVABLE, points)

    def _require(self, points: int) -> None:
        if points > (credit := self._wallet.balance(Account.CREDIT)):
            raise refusals.insufficient_credit(self._merchant_id, points, credit)

    def _move(self, kind: Kind, source: Account, target: Account, points: int) -> None:
        self._wallet.post(kind, [Entry(source, -points), Entry(target, points)])
        self._wallet.close()
