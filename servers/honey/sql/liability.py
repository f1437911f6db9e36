"""Adds up every lot of a programme, in one statement."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from domain.honey.liability import Liability, Month
from domain.shared.instants import Instant
from servers.honey.sql.tables import lot

_COLUMNS = lot.c


def liabilities(
    connection: Connection, programme_id: str, months: Sequence[Month], now: Instant
) -> list[Liability]:
    """By who pays for points: the programme first. What fell due by now counts as done."""
    is_over = _COLUMNS.expire_time <= now
    is_active = _COLUMNS.active_time <= now
    # Due, and not written yet: pending points are active, and active ones of a lot that is over have expired.
    pending = case((is_active, 0), else_=_COLUMNS.pending)
    waiting = case((is_active, _COLUMNS.pending), else_=0) + _COLUMNS.active
    active, lapsed = case((is_over, 0), else_=waiting), case((is_over, waiting), else_=0)
    outstanding = pending + active + _COLUMNS.held
    last = months[-1].end
    sums = [
        active,
        pending,
        _COLUMNS.held,
        _COLUMNS.owed,
        _COLUMNS.earned,
        _COLUMNS.expired + lapsed,
        _COLUMNS.reversed,
        _COLUMNS.waived,
        _where(_COLUMNS.expire_time >= last, outstanding),
        _where(_COLUMNS.expire_time.is_(None), outstanding),
        *(_where(_within(month, is_first=month is months[0]), outstanding) for month in months),
    ]
    query = (
        select(_COLUMNS.funding, *(func.sum(each) for each in sums))
        # All ids of its wallets begin with the programme's, and a semicolon follows a colon.
        .where(_COLUMNS.wallet_id > f"{programme_id}:", _COLUMNS.wallet_id < f"{programme_id};")
        .group_by(_COLUMNS.funding)
        .order_by(_COLUMNS.funding)
    )
    return [_liability(row, months) for row in connection.execute(query)]


def _within(month: Month, *, is_first: bool) -> ColumnElement[bool]:
    within = and_(_COLUMNS.expire_time >= month.start, _COLUMNS.expire_time < month.end)
    # What is held of a lot that is over is outstanding still, and expires when it is let go.
    return or_(within, _COLUMNS.expire_time < month.start) if is_first else within


def _where(condition: ColumnElement[bool], points: ColumnElement[int]) -> ColumnElement[int]:
    return case((condition, points), else_=0)


def _liability(row: Sequence[object], months: Sequence[Month]) -> Liability:
    funding, *sums = row
    figures = [int(str(figure)) for figure in sums]
    active, pending, held, owed, earned, expired, taken_back, waived, later, never, *expiring = figures
    return Liability(
        funding=str(funding),
        active=active,
        pending=pending,
        held=held,
        owed=owed,
        earned=earned,
        expired=expired,
        reversed=taken_back,
        expiring={month.name: points for month, points in zip(months, expiring, strict=True)},
        later=later,
        never=never,
        waived=waived,
    )
