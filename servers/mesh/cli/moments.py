"""Moments and durations as people type and read them."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from servers.mesh.cli.exits import UsageError

DEFAULT_ZONE = "Asia/Shanghai"
"""What card types without a zone of their own use."""

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def zone_of(name: str) -> ZoneInfo:
    """An IANA zone. Raises UsageError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(f"no such time zone: {name}", hint="an IANA name, such as Europe/Berlin") from error


def parse_moment(text: str, zone: ZoneInfo) -> datetime:
    """`2027-01-31`, `2027-01-31T10:00`, `2027-01-31T10:00:00+08:00`; without an offset in `zone`.

    Raises UsageError for anything else and outside of the years 1970 to 9999.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        hint = "2027-01-31, 2027-01-31T10:00 or 2027-01-31T10:00:00+08:00"
        raise UsageError(f"cannot read {text!r} as a moment", hint=hint) from error
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    try:
        in_range = aware.astimezone(UTC).year >= 1970
    except OverflowError:
        in_range = False
    if not in_range:
        raise UsageError(f"{text} lies outside of the years 1970 to 9999")
    return aware


def optional_moment(text: str | None, zone: ZoneInfo) -> datetime | None:
    """As `parse_moment`; None stays None."""
    return None if text is None else parse_moment(text, zone)


def parse_duration(text: str) -> timedelta:
    """`90s`, `15m`, `36h`, `30d`, `2w`, and sums of them: `1d12h`. Raises UsageError."""
    parts = re.findall(r"(\d+)([smhdw])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise UsageError(f"cannot read {text!r} as a duration", hint="90s, 15m, 36h, 30d, 2w or 1d12h")
    try:
        return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())
    except OverflowError as error:
        raise UsageError(f"{text} is too long") from error


def show_moment(moment: datetime, zone: ZoneInfo) -> str:
    """`2026-11-22 10:00`, with seconds and their fraction only where there are any."""
    local = moment.astimezone(zone)
    if local.microsecond:
        return local.strftime("%Y-%m-%d %H:%M:%S.%f")
    return local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")


def show_minute(moment: datetime, zone: ZoneInfo) -> str:
    """`2026-11-22 10:00`, for tables that need no more."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")
