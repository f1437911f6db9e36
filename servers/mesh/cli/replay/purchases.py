"""The rows of a file of purchases: those that can be read, and why the others cannot."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from servers.mesh.cli.exits import CommandError
from servers.mesh.cli.replay.settings import Band, ReplaySettings

MAX_ROWS = 1_000_000
_MEMBER = re.compile(r"[A-Za-z0-9_.:-]{1,36}")


@dataclass(frozen=True)
class Purchase:
    """One row."""

    line: int
    """In the file, from 1; the heading is line 1."""
    member_id: str
    day: date
    amount: Decimal
    band: Band


@dataclass(frozen=True)
class Refusal:
    """A row that bought nothing, and why."""

    line: int
    member_id: str
    day: str
    amount: str
    sku_id: str
    reason: str
    """An `ErrorReason` of the mesh, or one of ours that begins with ROW_."""
    message: str


class _Unreadable(Exception):
    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message


def read_purchases(
    path: Path, settings: ReplaySettings, limit: int | None = None
) -> tuple[list[Purchase], list[Refusal]]:
    """The purchases in the order of the file, and the rows that are none; at most `limit` rows.

    Raises CommandError if the file cannot be read, lacks a column, or has more than 1,000,000 rows.
    """
    wanted = {settings.member_column, settings.date_column, settings.amount_column}
    purchases: list[Purchase] = []
    refusals: list[Refusal] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            if missing := sorted(wanted - set(rows.fieldnames or ())):
                raise CommandError(f"{path}: no column {', '.join(missing)}")
            for count, row in enumerate(rows):
                if count == limit:
                    break
                if count == MAX_ROWS:
                    raise CommandError(f"{path}: more than {MAX_ROWS:,} rows")
                _read_into(purchases, refusals, settings, row, rows.line_num)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{path}: {error}") from error
    return purchases, refusals


def _read_into(
    purchases: list[Purchase],
    refusals: list[Refusal],
    settings: ReplaySettings,
    row: Mapping[str, str | None],
    line: int,
) -> None:
    columns = (settings.member_column, settings.date_column, settings.amount_column)
    member, day, amount = ((row[column] or "").strip() for column in columns)
    try:
        purchases.append(_purchase(line, member, day, amount, settings))
    except _Unreadable as error:
        refusals.append(Refusal(line, member, day, amount, "", error.reason, error.message))


def _purchase(line: int, member: str, day: str, amount: str, settings: ReplaySettings) -> Purchase:
    if not _MEMBER.fullmatch(member):
        raise _Unreadable("ROW_MEMBER", "a member id is 1 to 36 letters, digits and _.:-")
    try:
        on = date.fromisoformat(day)
    except ValueError as error:
        raise _Unreadable("ROW_DATE", "a day such as 1997-01-31 is wanted") from error
    if not 1971 <= on.year <= 9000:
        raise _Unreadable("ROW_DATE", "the day lies outside of the years 1971 to 9000")
    try:
        paid = Decimal(amount)
    except InvalidOperation as error:
        raise _Unreadable("ROW_AMOUNT", "an amount such as 29.33 is wanted") from error
    band = settings.band_of(paid) if paid.is_finite() else None
    if band is None:
        raise _Unreadable("ROW_AMOUNT", "no card is assigned to this amount")
    return Purchase(line, member, on, paid, band)
