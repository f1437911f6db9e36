"""Enums and moments of Honey on the wire."""

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from domain.honey.accounts import Account
from domain.honey.holds import HoldState
from domain.honey.programme import HeldExpiry, Shortfall
from domain.honey.transactions import Kind
from domain.shared.instants import Instant
from nectary.honey.v1 import honey_pb2 as pb
from servers.mesh.enum_names import Names
from servers.mesh.timestamps import instant_of, timestamp_of

ACCOUNTS = Names(Account, pb.Account)
HOLD_STATES = Names(HoldState, pb.HoldState)
KINDS = Names(Kind, pb.TransactionKind)
HELD_EXPIRIES = Names(HeldExpiry, pb.HeldExpiry)
SHORTFALLS = Names(Shortfall, pb.Shortfall)


def optional_timestamp(own: Instant | None) -> Timestamp | None:
    return None if own is None else timestamp_of(own)


def optional_instant(message: Any, field: str) -> Instant | None:
    """A time of a message; None if it is absent."""
    return instant_of(getattr(message, field)) if message.HasField(field) else None
