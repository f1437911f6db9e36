"""What is wrong with new rules: everything, each with its place in the request."""

from collections.abc import Iterator, Sequence
from functools import cache
from zoneinfo import available_timezones

from domain.honey import earning_check, task_check, tier_check, waive_check
from domain.honey.programme import Programme
from domain.honey.rules import Rules
from domain.shared.errors import FieldViolation
from domain.shared.instants import Unit

_zones = cache(available_timezones)
_LONGEST_NOTICE = {Unit.HOUR: 366 * 24, Unit.DAY: 366, Unit.MONTH: 12, Unit.YEAR: 1}


def violations(before: Rules, programmes: Sequence[Programme]) -> list[FieldViolation]:
    """Of rules that follow `before`."""
    found, seen = list[FieldViolation](), set[str]()
    for place, programme in enumerate(programmes):
        path = f"rules.programmes[{place}]"
        if programme.programme_id in seen:
            found.append(FieldViolation(f"{path}.programme_id", "TWICE", "there is another of this id"))
        seen.add(programme.programme_id)
        known = before.programmes.get(programme.programme_id, Programme(programme.programme_id))
        found += _programme(known, programme, path)
    for gone in sorted(set(before.programmes) - seen):
        description = f"{gone} is missing: members may have points in it"
        found.append(FieldViolation("rules.programmes", "PROGRAMME_LEFT_OUT", description))
    return found


def _programme(before: Programme, programme: Programme, path: str) -> Iterator[FieldViolation]:
    """That follows another, or one that decides nothing if it is new."""
    if programme.zone not in _zones():
        yield FieldViolation(f"{path}.zone", "ZONE_UNKNOWN", "an IANA zone, such as Asia/Shanghai")
    if programme.notice and not 1 <= programme.notice.count <= _LONGEST_NOTICE[programme.notice.unit]:
        yield FieldViolation(f"{path}.notice", "OUT_OF_BOUNDS", "lies between 1 hour and 1 year")
    yield from waive_check.violations(programme, path)
    yield from earning_check.violations(programme.earning, before.earning, path)
    if programme.tiers:
        yield from tier_check.violations(before.tiers, programme.tiers, f"{path}.tiers")
    elif before.tiers:
        yield FieldViolation(f"{path}.tiers", "TIERS_LEFT_OUT", "members may have been promised one")
    if before.tasks and before.zone != programme.zone:
        description = f"stays {before.zone}: members have begun tasks in its days"
        yield FieldViolation(f"{path}.zone", "ZONE_CHANGED", description)
    else:
        yield from task_check.violations(before.tasks, programme.tasks, f"{path}.tasks")
