"""Instants, money, periods and enums on the wire."""

from functools import lru_cache
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from domain.identity.catalog import (
    Channel,
    Compaction,
    EndRounding,
    OnBreak,
    Policy,
    RenewalAnchor,
    Residue,
    RuleKind,
    RuleMode,
)
from domain.identity.catalog_diff import ChangeKind
from domain.identity.checks import CheckKind
from domain.identity.lengths import valid_through
from domain.identity.orders import OrderState
from domain.identity.queries import TermState
from domain.identity.terms import CauseKind, Placement
from domain.shared.instants import SECOND, Instant, Period, Unit
from nectary.common.v1 import money_pb2
from nectary.identity.v1 import catalog_pb2, identity_pb2
from servers.mesh.enum_names import Names

UNITS = Names(Unit, catalog_pb2.PeriodUnit)
ROUNDINGS = Names(EndRounding, catalog_pb2.EndRounding)
ANCHORS = Names(RenewalAnchor, catalog_pb2.RenewalAnchor)
COMPACTIONS = Names(Compaction, catalog_pb2.Compaction)
POLICIES = Names(Policy, catalog_pb2.RelationPolicy)
RESIDUES = Names(Residue, catalog_pb2.ResidueRule)
RULE_KINDS = Names(RuleKind, catalog_pb2.IdentityRuleKind)
RULE_MODES = Names(RuleMode, catalog_pb2.IdentityRuleMode)
ON_BREAKS = Names(OnBreak, catalog_pb2.OnBreak)
CHANNELS = Names(Channel, catalog_pb2.AcquisitionChannel)
CHANGES = Names(ChangeKind, catalog_pb2.CatalogChangeKind)
PLACEMENTS = Names(Placement, identity_pb2.Placement)
CAUSES = Names(CauseKind, identity_pb2.CauseKind)
STATES = Names(TermState, identity_pb2.TermState)
ORDER_STATES = Names(OrderState, identity_pb2.OrderState)
CHECKS = Names(CheckKind, identity_pb2.RuleCheckKind)


def timestamp(instant: Instant) -> Timestamp:
    return Timestamp(seconds=instant // SECOND, nanos=instant % SECOND * 1000)


@lru_cache(maxsize=8_192)
def last_day(end: Instant, zone: str) -> str:
    """The local day until which something holds that ends at an instant, as `2026-12-31`.

    Remembered, for most cards end at a midnight that they share with many others.
    """
    return str(valid_through(end, zone))


def optional_timestamp(instant: Instant | None) -> Timestamp | None:
    return None if instant is None else timestamp(instant)


def instant(message: Any, field: str) -> Instant | None:
    """An optional time of a message; validation has refused what is no whole microsecond."""
    if not message.HasField(field):
        return None
    value = getattr(message, field)
    return int(value.seconds * SECOND + value.nanos // 1000)


def money(currency: str, amount: int) -> money_pb2.Money:
    return money_pb2.Money(currency=currency, amount_minor=amount)


def period(value: Period) -> catalog_pb2.Period:
    return catalog_pb2.Period(count=value.count, unit=UNITS.wire(value.unit))


def own_period(message: catalog_pb2.Period) -> Period:
    return Period(message.count, UNITS.own(message.unit))
