"""What must be so that an event earns by a rule. Of several conditions, all."""

from collections.abc import Set
from dataclasses import dataclass

from domain.honey.earning_events import Event
from domain.shared.instants import Instant
from domain.shared.money import MAX_AMOUNT


@dataclass(frozen=True, slots=True)
class HoldsAnyOf:
    """The member holds one of these SKUs."""

    sku_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class HoldsNoneOf:
    """The member holds none of these SKUs."""

    sku_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class ChannelIn:
    """It came by one of these channels."""

    channels: frozenset[str]


@dataclass(frozen=True, slots=True)
class MerchantIn:
    """It was with one of these merchants."""

    merchant_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class PaidBetween:
    """So much was paid in this currency."""

    currency: str
    least: int = 0
    """In minor units, as `most` is; both are allowed."""
    most: int = MAX_AMOUNT

    def has(self, paid: int) -> bool:
        return self.least <= paid <= self.most


Condition = HoldsAnyOf | HoldsNoneOf | ChannelIn | MerchantIn | PaidBetween


@dataclass(frozen=True, slots=True)
class Quote:
    """What the member was promised by: when, and what the member held at that instant."""

    at: Instant
    held: Set[str]
    """SKUs."""


def unmet(condition: Condition, event: Event, quote: Quote) -> str:
    """Why it is not so, in words; empty if it is."""
    match condition:
        case HoldsAnyOf(sku_ids):
            return "" if quote.held & sku_ids else f"holds none of {_named(sku_ids)}"
        case HoldsNoneOf(sku_ids):
            return f"holds {_named(quote.held & sku_ids)}" if quote.held & sku_ids else ""
        case ChannelIn(channels):
            return "" if event.channel in channels else f"channel is {event.channel or 'not said'}"
        case MerchantIn(merchant_ids):
            merchant_id = event.merchant_id
            return "" if merchant_id in merchant_ids else f"merchant is {merchant_id or 'not said'}"
        case PaidBetween(currency, least, most):
            if event.currency != currency:
                return f"not paid in {currency}"
            return "" if condition.has(event.paid) else f"paid {event.paid}, not {least} to {most}"


def _named(ids: Set[str]) -> str:
    return ", ".join(sorted(ids))
