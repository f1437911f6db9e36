"""Queries that look at many activities or orders and change nothing."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, and_, or_, select

from domain.seckill.activity import Activity, ActivityState
from domain.seckill.gate import Key, OrderFact
from domain.seckill.orders import HOLDING, Order, OrderState
from domain.shared.instants import Instant
from servers.mesh.pages import Place
from servers.seckill.sql.documents import decode
from servers.seckill.sql.orders import order_of
from servers.seckill.sql.tables import activity as activities
from servers.seckill.sql.tables import order as orders
from servers.store.keys import Among

SOLD_AT_LEAST = (ActivityState.PUBLISHED.value, ActivityState.CLOSED.value)
"""States of activities that may have orders."""

_AMONG = Among(orders.c.member_id, orders.c.request_id, indexed=1)
_FACT = (orders.c.member_id, orders.c.request_id, orders.c.quantity, orders.c.tranche, orders.c.state)


def list_orders(
    connection: Connection, member_id: str, activity_id: str, before: Place | None, limit: int
) -> list[Order]:
    """Of a member, an activity, or both; empty: any. The newest first, behind a place."""
    query = select(orders)
    if member_id:
        query = query.where(orders.c.member_id == member_id)
    if activity_id:
        query = query.where(orders.c.activity_id == activity_id)
    query = _newest_first(query, orders.c.reserved_time, orders.c.order_id, before, limit)
    return [order_of(row) for row in connection.execute(query)]


def list_activities(
    connection: Connection, states: Collection[ActivityState], before: Place | None, limit: int
) -> list[Activity]:
    """Those in some states, the latest opening first, behind a place."""
    query = select(activities.c.content).where(activities.c.state.in_([state.value for state in states]))
    query = _newest_first(query, activities.c.opens_time, activities.c.activity_id, before, limit)
    return [decode(content) for content in connection.scalars(query)]


def activities_of(connection: Connection, activity_ids: Sequence[str]) -> dict[str, Activity]:
    """By their ids; what is not there is absent."""
    columns = activities.c
    query = select(columns.activity_id, columns.content).where(columns.activity_id.in_(activity_ids))
    return {row.activity_id: decode(row.content) for row in connection.execute(query)}


def find_order(connection: Connection, order_id: str) -> Order | None:
    row = connection.execute(select(orders).where(orders.c.order_id == order_id)).first()
    return order_of(row) if row else None


def due_orders(connection: Connection, now: Instant, limit: int) -> list[tuple[str, str]]:
    """Activity and order id of the reserved ones whose time has passed, the earliest first."""
    columns = orders.c
    due = (
        select(columns.activity_id, columns.order_id)
        .where(columns.state == OrderState.RESERVED.value, columns.expires_time <= now)
        .order_by(columns.expires_time)
        .limit(limit)
    )
    return [(row.activity_id, row.order_id) for row in connection.execute(due)]


def live_activities(connection: Connection, since: Instant, after: str, limit: int) -> list[str]:
    """Ids of those that did not close before an instant, past an id."""
    columns = activities.c
    live = (
        select(columns.activity_id)
        .where(columns.state.in_(SOLD_AT_LEAST), columns.closes_time > since, columns.activity_id > after)
        .order_by(columns.activity_id)
        .limit(limit)
    )
    return list(connection.scalars(live))


def facts_of(connection: Connection, activity_id: str, keys: Sequence[Key]) -> list[OrderFact]:
    """What stands behind these requests; nothing, if no order ever did."""
    if not keys:
        return []
    query = select(*_FACT).where(orders.c.activity_id == activity_id, _AMONG.condition)
    return [_fact(*row) for row in connection.execute(query, _AMONG.these(set(keys)))]


def facts_after(connection: Connection, activity_id: str, after: Key | None, limit: int) -> list[OrderFact]:
    """Of all orders of an activity, by member and request id."""
    query = select(*_FACT).where(orders.c.activity_id == activity_id)
    if after is not None:
        member_id, request_id = after
        query = query.where(
            # The first condition alone finds the place in the index.
            orders.c.member_id >= member_id,
            or_(orders.c.member_id > member_id, orders.c.request_id > request_id),
        )
    query = query.order_by(orders.c.member_id, orders.c.request_id).limit(limit)
    return [_fact(*row) for row in connection.execute(query)]


def _fact(member_id: str, request_id: str, quantity: int, tranche: int, state: str) -> OrderFact:
    units = quantity if OrderState(state) in HOLDING else 0
    return OrderFact(member_id, request_id, units, tranche)


def _newest_first(
    query: Select[Any], instant: Column[int], name: Column[str], before: Place | None, limit: int
) -> Select[Any]:
    if before is not None:
        query = query.where(_behind(instant, name, before))
    return query.order_by(instant.desc(), name.desc()).limit(limit)


def _behind(instant: Column[int], name: Column[str], before: Place) -> ColumnElement[bool]:
    at, last = before
    return and_(instant <= at, or_(instant < at, name < last))
