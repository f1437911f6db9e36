"""The invariants that a database of Identity keeps whatever kills its server, for some of its members."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, select

from domain.identity.facts import TermPlaced, TermTerminated
from domain.identity.laying import flatten
from domain.identity.timeline import Timeline, fold
from servers.identity.sql.facts import read_history
from servers.identity.sql.projections import segment_rows
from servers.identity.sql.tables import common, event, order, segment, timeline
from tests.faults.crowd import Memory

Rows = Sequence[RowMapping]


def violations(connection: Connection, memories: Sequence[Memory]) -> Iterator[str]:
    """What is wrong with the books of these members, in words; nothing, if all is well."""
    members = [memory.member_id for memory in memories]
    answers = _answers(connection, members)
    yield from _forgotten(memories, answers)
    yield from _half_done(connection, members, answers)
    yield from _gaps(connection, members)
    yield from _stale_projections(connection, members)


def _forgotten(memories: Sequence[Memory], answers: dict[str, bytes]) -> Iterator[str]:
    """G4, G5: what was acknowledged is there, and would be answered again byte for byte."""
    for memory in memories:
        for request_id, answer in memory.answers.items():
            if answers.get(request_id) != answer:
                yield f"{memory.member_id}: the answer to {request_id} is not the one that was given"


def _half_done(connection: Connection, members: Sequence[str], answers: dict[str, bytes]) -> Iterator[str]:
    """G4: an effect and its answer are both there, or neither is."""
    placed, ended = set[str](), set[str]()
    for member_id, history in read_history(connection, members).items():
        for line in history:
            if isinstance(line.fact, TermPlaced):
                name = f"confirm-{line.fact.term.cause.id}"
                if name in placed:
                    yield f"{member_id}: {name} had its effect twice"
                placed.add(name)
            if isinstance(line.fact, TermTerminated):
                if line.fact.refund_id in ended:
                    yield f"{member_id}: {line.fact.refund_id} had its effect twice"
                ended.add(line.fact.refund_id)
    paid = {
        f"confirm-{row['order_id']}"
        for row in _rows(connection, order, "member_id", members)
        if row["state"] == "PAID"
    }
    if not placed == paid == {name for name in answers if name.startswith("confirm-")}:
        yield f"terms, paid orders and answers differ: {placed ^ paid or placed ^ answers.keys()}"
    if ended != {name for name in answers if name.startswith("refund-")}:
        yield f"refunds and their answers differ: {ended ^ answers.keys()}"


def _gaps(connection: Connection, members: Sequence[str]) -> Iterator[str]:
    """Facts are numbered without a gap, and each is on its way out exactly once."""
    facts, told = defaultdict[Any, list[Any]](list), defaultdict[Any, list[Any]](list)
    for row in _rows(connection, event, "member_id", members):
        facts[row["member_id"]].append(row["seq"])
    for row in _rows(connection, common.outbox, "subject", members):
        told[row["subject"]].append(row["seq"])
    versions = {
        row["member_id"]: list(range(1, row["version"] + 1))
        for row in _rows(connection, timeline, "member_id", members)
    }
    for member_id in {*facts, *told, *versions}:
        if not sorted(facts[member_id]) == sorted(told[member_id]) == versions.get(member_id):
            where = f"facts {facts[member_id]}, outbox {told[member_id]}"
            yield f"{member_id}: {where}, version {versions.get(member_id)}"


def _stale_projections(connection: Connection, members: Sequence[str]) -> Iterator[str]:
    """ID-6, G7: the segments are those that follow from the facts."""
    stored = defaultdict[Any, dict[Any, Any]](dict)
    for row in _rows(connection, segment, "member_id", members):
        stored[row["member_id"]][row["lane_id"], row["start_time"]] = dict(row)
    for member_id, history in read_history(connection, members).items():
        folded = fold(Timeline(member_id), history)
        if segment_rows(member_id, folded, flatten(folded)) != stored[member_id]:
            yield f"{member_id}: the segments are not those of the facts"


def _answers(connection: Connection, members: Sequence[str]) -> dict[str, bytes]:
    """The stored answers to payments and refunds of these members' orders, refusals left out."""
    orders = [row["order_id"] for row in _rows(connection, order, "member_id", members)]
    names = [f"{verb}-{order_id}" for order_id in orders for verb in ("confirm", "refund")]
    found = _rows(connection, common.idempotency, "request_id", names)
    return {row["request_id"]: row["response"] for row in found if row["refusal"] is None}


def _rows(connection: Connection, table: Table, column: str, values: Sequence[str]) -> Rows:
    return connection.execute(select(table).where(table.c[column].in_(values))).mappings().all()
