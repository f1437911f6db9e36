"""The rules of all programmes, one revision after the other: what they may be, and what a new one changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from zoneinfo import available_timezones

from domain.honey import waive_check
from domain.honey.programme import Programme
from domain.shared.errors import FieldViolation


@dataclass(frozen=True, slots=True)
class Rules:
    """One revision. 0 before the first."""

    revision: int
    programmes: Mapping[str, Programme]


NONE = Rules(0, {})


def violations(before: Rules, programmes: Sequence[Programme]) -> list[FieldViolation]:
    """Everything that is wrong with new ones."""
    found, seen = list[FieldViolation](), set[str]()
    for place, programme in enumerate(programmes):
        path = f"rules.programmes[{place}]"
        if programme.programme_id in seen:
            found.append(FieldViolation(f"{path}.programme_id", "TWICE", "there is another of this id"))
        seen.add(programme.programme_id)
        if programme.zone not in available_timezones():
            found.append(
                FieldViolation(f"{path}.zone", "ZONE_UNKNOWN", "an IANA zone, such as Asia/Shanghai")
            )
        found += waive_check.violations(programme, path)
    for gone in sorted(set(before.programmes) - seen):
        description = f"{gone} is missing: members may have points in it"
        found.append(FieldViolation("rules.programmes", "PROGRAMME_LEFT_OUT", description))
    return found


def changes(before: Rules, programmes: Mapping[str, Programme]) -> list[str]:
    """Every difference, in words."""
    told = []
    for programme_id, after in programmes.items():
        known = before.programmes.get(programme_id)
        if known is None:
            told.append(f"programme {programme_id} is new")
            continue
        for field in fields(Programme):
            was, shall = getattr(known, field.name), getattr(after, field.name)
            if was != shall:
                told.append(f"programme {programme_id}: {field.name} {was} -> {shall}")
    return told
