"""What operators do with an activity: each a function of the activity as it stands, or a refusal."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from domain.seckill.activity import Activity, ActivityState, Settings, Standing, Tranche
from domain.seckill.activity_check import require_sound
from domain.shared.errors import FieldViolation, Invalid, Raced, Refused
from domain.shared.instants import Instant

SETTINGS = tuple(field.name for field in fields(Settings))
"""The names that `Update.names` may have."""
WHILE_PUBLISHED = frozenset({"title", "closes", "stock", "tranches"})
"""What may change of an activity that may be selling; of tranches only their stocks."""


@dataclass(frozen=True, slots=True)
class Create:
    """Make a draft."""

    activity_id: str
    settings: Settings


@dataclass(frozen=True, slots=True)
class Update:
    """Change those settings that are named."""

    settings: Mapping[str, Any]
    """By the names of `Settings`."""
    expected_revision: int = 0
    """0: whichever is."""


@dataclass(frozen=True, slots=True)
class Publish:
    """Let a draft sell within its window."""

    expected_revision: int = 0


@dataclass(frozen=True, slots=True)
class Close:
    """End the sale for ever."""


Operation = Update | Publish | Close


def create(command: Create, standing: Standing | None, now: Instant) -> Activity:
    """A new draft. Raises Invalid, Refused (ACTIVITY_EXISTS)."""
    if standing is not None:
        raise Refused("ACTIVITY_EXISTS", "there is an activity of this id", activity_id=command.activity_id)
    require_sound(command.settings)
    return Activity(command.activity_id, 1, ActivityState.DRAFT, command.settings, now, now)


def operate(command: Operation, standing: Standing, now: Instant) -> Activity:
    """The activity afterwards: the very same if nothing changes.

    Raises Raced (STALE_VERSION), Refused (ACTIVITY_STATE_WRONG, STOCK_BELOW_TAKEN), Invalid.
    """
    changed = _OPERATIONS[type(command)](command, standing, now)
    if changed == standing.activity:
        return standing.activity
    return replace(changed, revision=standing.activity.revision + 1, updated=now)


def _update(command: Update, standing: Standing, now: Instant) -> Activity:
    activity = standing.activity
    _require_revision(activity, command.expected_revision)
    settings = replace(activity.settings, **command.settings)
    forbidden = _forbidden(activity, settings, command.settings)
    if forbidden:
        raise _state_wrong(activity, field=forbidden)
    require_sound(settings)
    _require_room(activity.activity_id, settings.parts, standing.taken)
    return replace(activity, settings=settings)


def _publish(command: Publish, standing: Standing, now: Instant) -> Activity:
    activity = standing.activity
    _require_revision(activity, command.expected_revision)
    if activity.state is ActivityState.CLOSED or now >= activity.settings.closes:
        raise _state_wrong(activity)
    return replace(activity, state=ActivityState.PUBLISHED)


def _close(command: Close, standing: Standing, now: Instant) -> Activity:
    return replace(standing.activity, state=ActivityState.CLOSED)


_OPERATIONS: Mapping[type[Operation], Callable[..., Activity]] = {
    Update: _update,
    Publish: _publish,
    Close: _close,
}


def _forbidden(activity: Activity, settings: Settings, names: Mapping[str, object]) -> str:
    """The first setting that may not change so in the activity's state; empty if all may."""
    if activity.state is ActivityState.DRAFT:
        return ""
    if activity.state is ActivityState.CLOSED:
        return next(iter(names), "settings")
    others = [name for name in names if name not in WHILE_PUBLISHED]
    differing = [name for name in others if getattr(settings, name) != getattr(activity.settings, name)]
    if differing:
        return differing[0]
    return "" if _same_but_stock(activity.settings.parts, settings.parts) else "tranches"


def _same_but_stock(before: Sequence[Tranche], after: Sequence[Tranche]) -> bool:
    return [replace(tranche, stock=0) for tranche in before] == [
        replace(tranche, stock=0) for tranche in after
    ]


def _require_room(activity_id: str, parts: Sequence[Tranche], taken: Mapping[int, int]) -> None:
    """SK-1: a stock never falls below what is taken."""
    for tranche in parts:
        if tranche.stock < taken.get(tranche.number, 0):
            raise Refused(
                "STOCK_BELOW_TAKEN",
                "the stock would be less than what is taken",
                activity_id=activity_id,
                tranche=str(tranche.number),
                taken=str(taken[tranche.number]),
            )


def _require_revision(activity: Activity, expected: int) -> None:
    if expected not in (0, activity.revision):
        raise Raced(
            "STALE_VERSION",
            "the activity was changed since: look at it again",
            current_version=str(activity.revision),
        )


def _state_wrong(activity: Activity, **metadata: str) -> Refused:
    return Refused(
        "ACTIVITY_STATE_WRONG",
        f"the activity is {activity.state.value}",
        activity_id=activity.activity_id,
        state=activity.state.value,
        **metadata,
    )


def unknown_settings(names: Sequence[str]) -> Invalid:
    """Refuses a mask that names what is no setting, the same twice, or nothing."""
    return Invalid(
        [FieldViolation("update_mask", "UNKNOWN_FIELD", f"`{name}` is no setting") for name in names]
        or [FieldViolation("update_mask", "REQUIRED", "names at least one setting, each once")]
    )
