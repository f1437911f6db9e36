"""What is known before an event of the member who did it: read by the ports, for `evaluate`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.honey.earning_awards import ForHolders
from domain.honey.earning_conditions import HoldsAnyOf, HoldsNoneOf
from domain.honey.earning_events import Event
from domain.honey.earning_rules import EarningRule, EarningRules
from domain.honey.evaluation import EarningStanding, counters
from domain.honey.event_records import EventKey, counter_key
from domain.honey.ports import HoneyPorts
from domain.shared.errors import Raced
from domain.shared.instants import DAY, HOUR, Instant, Period, Unit

_LONGEST = {Unit.HOUR: HOUR, Unit.DAY: 2 * DAY, Unit.MONTH: 33 * DAY, Unit.YEAR: 368 * DAY}
"""No calendar has longer ones, wherever its clocks are put forward or back."""


@dataclass(frozen=True, slots=True)
class Held:
    """SKUs that a member held, when the order was made and when the event happened."""

    at_order: frozenset[str] = frozenset()
    at_event: frozenset[str] = frozenset()


class HoldersUnknown(Raced):
    """Rules ask what the member held, and nobody has asked Identity yet: ask, and come again."""

    def __init__(self) -> None:
        super().__init__("IDENTITIES_NOT_ASKED", "what the member held must be known first")


def asks_for_holders(rules: Iterable[EarningRule]) -> bool:
    """Whether any of them depends on what the member held."""
    return any(
        any(isinstance(condition, HoldsAnyOf | HoldsNoneOf) for condition in rule.conditions)
        or any(isinstance(multiplier.when, ForHolders) for multiplier in rule.multipliers)
        for rule in rules
    )


def standing_of(
    ports: HoneyPorts, wallet_id: str, key: EventKey, event: Event, rules: EarningRules, held: Held | None
) -> EarningStanding:
    """Raises Invalid for an unknown scene, HoldersUnknown if `held` is None and a rule asks for it."""
    record = ports.events.get(key)
    counted = {
        counter: ports.counters.get(counter_key(key.programme_id, event.member_id, counter))
        for counter in counters(rules, event)
    }
    scene = rules.scene(event.scene)
    assert scene, "counters have been asked of it"
    if held is None and asks_for_holders(scene.rules):
        raise HoldersUnknown
    held = held or Held()
    return EarningStanding(
        counted=counted,
        held_at_order=held.at_order,
        held_at_event=held.at_event,
        earned_at={
            rule.rule_id: _earned_near(ports, wallet_id, rule.rule_id, rule.cooldown, event.occurred)
            for rule in scene.rules
            if rule.cooldown
        },
        recorded=record.event if record else None,
    )


def _earned_near(
    ports: HoneyPorts, wallet_id: str, rule_id: str, cooldown: Period, occurred: Instant
) -> Sequence[Instant]:
    reach = cooldown.count * _LONGEST[cooldown.unit]
    return ports.rule_earnings.instants(wallet_id, rule_id, occurred - reach, occurred + reach)
