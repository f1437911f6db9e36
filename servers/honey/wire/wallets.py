"""Wallets, lots, holds and transactions on the wire."""

from collections.abc import Sequence

from domain.honey.accounts import Account
from domain.honey.holds import Hold
from domain.honey.lots import Lot, Part
from domain.honey.transactions import Balances, Transaction
from domain.honey.wallets import MERCHANT, Standing, owner_of
from domain.shared.instants import Instant
from nectary.honey.v1 import honey_pb2 as pb
from nectary.honey.v1 import wallet_service_pb2
from servers.honey.wire.calendar import optional_period
from servers.honey.wire.values import ACCOUNTS, HOLD_STATES, KINDS, optional_timestamp
from servers.mesh.timestamps import timestamp_of


def balance(own: Standing, at: Instant) -> pb.Balance:
    """What is in a wallet at an instant."""
    programme_id, owner = owner_of(own.wallet_id)
    is_merchant = owner.kind == MERCHANT
    return pb.Balance(
        programme_id=programme_id,
        member_id="" if is_merchant else owner.owner_id,
        merchant_id=owner.owner_id if is_merchant else "",
        at_time=timestamp_of(at),
        active_points=own.balance(Account.ACTIVE),
        pending_points=own.balance(Account.PENDING),
        held_points=own.balance(Account.HELD),
        debt_points=-own.balance(Account.DEBT),
        earned_points=-own.balance(Account.ISSUED),
        spent_points=own.balance(Account.SPENT),
        expired_points=own.balance(Account.EXPIRED),
        reversed_points=own.balance(Account.REVERSED),
        waived_points=own.balance(Account.WAIVED),
        transferred_points=own.balance(Account.TRANSFERRED),
        credit_points=own.balance(Account.CREDIT),
        granted_points=own.balance(Account.GRANTED),
        receivable_points=own.balance(Account.RECEIVABLE),
        version=own.version,
        link=own.link,
    )


def lot(own: Lot) -> pb.Lot:
    return pb.Lot(
        lot_id=own.lot_id,
        earned_points=own.earned,
        active_time=timestamp_of(own.active_from),
        expire_time=optional_timestamp(own.expires),
        funding_merchant_id=own.funding,
        priority=own.priority,
        cause=own.cause,
        pending_points=own.pending,
        active_points=own.active,
        held_points=own.held,
        debt_points=own.owed,
        expired_points=own.expired,
        reversed_points=own.reversed,
        waived_points=own.waived,
        sliding=optional_period(own.sliding),
    )


def hold(own: Hold) -> pb.Hold:
    return pb.Hold(
        hold_id=own.hold_id,
        state=HOLD_STATES.wire(own.state),
        asked_points=own.asked,
        held_points=own.points,
        confirmed_points=own.confirmed,
        create_time=timestamp_of(own.made),
        expire_time=timestamp_of(own.expires),
    )


def lot_points(parts: Sequence[Part]) -> list[wallet_service_pb2.LotPoints]:
    return [wallet_service_pb2.LotPoints(lot_id=part.lot_id, points=part.points) for part in parts]


def transaction(own: Transaction) -> pb.Transaction:
    return pb.Transaction(
        seq=own.seq,
        kind=KINDS.wire(own.kind),
        effective_time=timestamp_of(own.effective),
        record_time=timestamp_of(own.recorded),
        transaction_id=own.transaction_id,
        actor=own.actor,
        cause=own.cause,
        reason=own.reason,
        entries=[
            pb.Entry(account=ACCOUNTS.wire(entry.account), points=entry.points, lot_id=entry.lot_id)
            for entry in own.entries
        ],
        balances=_accounts(own.balances),
        link=own.link,
    )


def _accounts(balances: Balances) -> list[pb.AccountPoints]:
    return [
        pb.AccountPoints(account=ACCOUNTS.wire(account), points=balances[account])
        for account in Account
        if account in balances
    ]
