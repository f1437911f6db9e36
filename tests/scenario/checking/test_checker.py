"""Failure row 33: the checker itself. A sound sale breaks nothing, each seeded violation its invariant.

The stores are real: SQLite with Seckill's own tables, a gate in Valkey as Seckill's scripts lay it out.
"""

import json
import sqlite3
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import redis

from benchmarks.checking.__main__ import INVARIANTS, violations
from benchmarks.checking.evidence import Evidence, Violation
from benchmarks.checking.gate import read_gates
from benchmarks.checking.rows import read_rows
from benchmarks.checking.said import Found, Said, read_logs, write_log
from tests.migrated import have_tables
from tests.servers import Redis

ACTIVITY = "cards"
BASE = "sk:{cards}:"
T0 = 1_790_000_000.0


@dataclass
class Sale:
    """Three units in one tranche, reserved, delivered, cancelled and bought again; two who got none."""

    database: sqlite3.Connection
    gate: "redis.Redis"
    store_url: str
    redis_url: str
    log: Path
    said: list[Said]
    found: list[Found]

    def sql(self, *statements: str) -> None:
        for statement in statements:
            assert self.database.execute(statement).rowcount != 0, statement

    def replace(self, member: str, **changes: object) -> None:
        index = next(i for i, said in enumerate(self.said) if said.member == member)
        self.said[index] = replace(self.said[index], **changes)  # type: ignore[arg-type]  # names of its fields

    def evidence(self) -> Evidence:
        self.log.unlink(missing_ok=True)
        write_log(self.log, [*self.said, *self.found])
        log = read_logs([self.log])
        return Evidence(read_rows(self.store_url), read_gates(self.redis_url), log, frozenset({ACTIVITY}))

    def broken(self) -> list[Violation]:
        return list(violations(self.evidence()))


@pytest.fixture
def sale(sqlite_url: str, valkey: Redis, tmp_path: Path) -> Sale:
    have_tables(sqlite_url)
    database = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    database.execute("PRAGMA ignore_check_constraints = ON")
    gate = redis.Redis.from_url(valkey.url)
    gate.flushall()
    sale = Sale(database, gate, sqlite_url, valkey.url, tmp_path / "log", [], [])
    _fill(sale)
    return sale


def _fill(sale: Sale) -> None:
    sale.sql(
        "INSERT INTO seckill_activity (activity_id, version, state, opens_time, closes_time, stock, taken,"
        " content) VALUES ('cards', 9, 'PUBLISHED', 0, 99, 3, 3, '{}')",
        "INSERT INTO seckill_tranche VALUES ('cards', 1, 3, 3)",
    )
    for member, state in (
        ("ann", "RESERVED"),
        ("bob", "CANCELLED"),
        ("cat", "DELIVERED"),
        ("dan", "RESERVED"),
    ):
        payment = "pay-cat" if state == "DELIVERED" else ""
        ended = "1790000002000000" if state in ("CANCELLED", "DELIVERED") else "NULL"
        units = int(state != "CANCELLED")
        sale.sql(
            "INSERT INTO seckill_order VALUES"
            f" ('o-{member}', 'cards', '{member}', 'r1', 1, 1, 100, 'CNY', '', '{state}', 1, 0, 9, NULL,"
            f" '{payment}', {ended}, '')",
            f"INSERT INTO seckill_member VALUES ('cards', '{member}', {units}, 1)",
            _event(member, "UnitReserved"),
        )
        sale.said.append(_said(member, order=f"o-{member}", answer="digest of " + member))
        if units:
            sale.gate.hset(BASE + "held", f"{member}/r1", struct.pack(">BH", 1, 1))
            sale.gate.hset(BASE + "members", member, 1)
    sale.sql(
        "INSERT INTO seckill_payment VALUES ('pay-cat', 'cards', 'o-cat', 100, 'CNY', 1, 'DELIVERED', '')",
        "INSERT INTO seckill_payment VALUES ('pay-two', 'cards', 'o-cat', 100, 'CNY', 1, 'REFUNDED', 'X')",
        _event("cat", "RefundDue"),
    )
    sale.said.append(_said("eve", code=8, reason="SOLD_OUT"))
    sale.said.append(_said("fay", code=4, reason="DEADLINE_SPENT"))
    sale.found.append(Found(ACTIVITY, "fay", "r1", "NONE"))
    tranches = " ".join(["3:0:0"] + ["0:0:-1"] * 7)
    sale.gate.hset(BASE + "gate", mapping={"state": "OPEN", "tranches": tranches, "parts": 1})


def _said(member: str, **rest: object) -> Said:
    usual = {"quantity": 1, "sent": T0, "ended": T0 + 0.1, "deadline_seconds": 5.0, "code": 0, "reason": ""}
    return Said(ACTIVITY, member, "r1", **(usual | rest))  # type: ignore[arg-type]  # names of its fields


def _event(member: str, kind: str, number: int = 1) -> str:
    return (
        "INSERT INTO seckill_outbox (event_id, type, version, subject, seq, effective_time, recorded_time,"
        " causation_id, correlation_id, actor, payload, attempts)"
        f" VALUES ('{kind}-{member}-{number}', '{kind}', 1, 'o-{member}', {number}, 0, 0, '', '', '', '', 0)"
    )


def test_a_sound_sale_breaks_nothing(sale: Sale) -> None:
    assert sale.broken() == []


def more_orders_than_stock(sale: Sale) -> None:
    sale.sql("UPDATE seckill_order SET state = 'RESERVED' WHERE order_id = 'o-bob'")


def more_orders_than_a_tranche_has(sale: Sale) -> None:
    sale.sql("UPDATE seckill_tranche SET stock = 2")


def units_left_though_somebody_was_refused(sale: Sale) -> None:
    sale.sql("UPDATE seckill_activity SET stock = 4", "UPDATE seckill_tranche SET stock = 4")
    sale.replace("eve", sent=T0 + 60, ended=T0 + 60.1)


def a_member_over_his_limit(sale: Sale) -> None:
    sale.sql(
        "UPDATE seckill_order SET member_id = 'ann', request_id = 'r2' WHERE order_id = 'o-dan'",
    )


def a_member_counted_wrongly(sale: Sale) -> None:
    sale.sql("UPDATE seckill_member SET units = 1 WHERE member_id = 'bob'")


def a_success_without_an_order(sale: Sale) -> None:
    sale.said.append(_said("gil", order="o-gil", answer="x"))


def a_success_with_anothers_order(sale: Sale) -> None:
    sale.replace("ann", order="o-dan")


def a_success_that_names_no_order(sale: Sale) -> None:
    sale.replace("ann", order="")


def a_refusal_with_an_order(sale: Sale) -> None:
    sale.replace("dan", code=8, reason="SOLD_OUT", order="", answer="")


def an_order_that_nobody_asked_for(sale: Sale) -> None:
    sale.said = [said for said in sale.said if said.member != "bob"]


def an_unknown_answer_that_nobody_followed(sale: Sale) -> None:
    sale.found.clear()


def an_unknown_answer_that_stays_pending(sale: Sale) -> None:
    sale.found = [Found(ACTIVITY, "fay", "r1", "PENDING")]


def a_result_that_is_not_true(sale: Sale) -> None:
    sale.found = [Found(ACTIVITY, "fay", "r1", "ORDERED", "o-fay")]


def a_repeat_with_another_answer(sale: Sale) -> None:
    sale.said.append(_said("ann", order="o-ann", answer="other words", sent=T0 + 1, ended=T0 + 1.1))


def a_repeat_that_is_refused(sale: Sale) -> None:
    sale.said.append(_said("ann", code=8, reason="SOLD_OUT", sent=T0 + 1, ended=T0 + 1.1))


def a_gate_that_would_oversell(sale: Sale) -> None:
    sale.gate.hset(BASE + "gate", "tranches", " ".join(["3:1:0"] + ["0:0:-1"] * 7))


def a_gate_with_another_stock(sale: Sale) -> None:
    sale.gate.hset(BASE + "gate", "tranches", " ".join(["4:1:0"] + ["0:0:-1"] * 7))


def a_gate_that_forgot_an_order(sale: Sale) -> None:
    sale.gate.hdel(BASE + "held", "ann/r1")


def a_claim_that_is_never_settled(sale: Sale) -> None:
    sale.gate.hdel(BASE + "held", "ann/r1")
    sale.gate.hset(BASE + "open", "ann/r1", struct.pack(">BH7s", 1, 1, b"1234567"))


def a_claim_without_an_order(sale: Sale) -> None:
    sale.gate.hset(BASE + "open", "gil/r1", struct.pack(">BH7s", 1, 1, b"1234567"))


def a_gate_that_counts_a_member_wrongly(sale: Sale) -> None:
    sale.gate.hset(BASE + "members", "ann", 2)


def an_answer_long_after_its_deadline(sale: Sale) -> None:
    sale.replace("eve", ended=T0 + 9)


def a_call_without_an_answer(sale: Sale) -> None:
    sale.replace("fay", reason="client: the deadline passed")


def a_counter_that_is_not_what_orders_hold(sale: Sale) -> None:
    sale.sql("UPDATE seckill_activity SET taken = 2")


def a_tranche_that_is_not_what_orders_hold(sale: Sale) -> None:
    sale.sql("UPDATE seckill_tranche SET taken = 2")


def a_request_with_two_orders(sale: Sale) -> None:
    sale.sql(
        "CREATE TABLE copied AS SELECT * FROM seckill_order",
        "INSERT INTO copied SELECT 'o-bob2', activity_id, member_id, request_id, tranche, quantity, amount,"
        " currency, scene, state, moves, reserved_time, expires_time, paid_time, payment_id, ended_time,"
        " reason FROM seckill_order WHERE member_id = 'bob'",
        _event("bob2", "UnitReserved"),
    )
    sale.database.execute("DROP TABLE seckill_order")
    sale.database.execute("ALTER TABLE copied RENAME TO seckill_order")


def a_reservation_told_twice(sale: Sale) -> None:
    sale.sql("UPDATE seckill_outbox SET subject = 'o-ann' WHERE subject = 'o-dan'")


def an_order_paid_twice(sale: Sale) -> None:
    sale.sql("UPDATE seckill_payment SET fate = 'APPLIED' WHERE payment_id = 'pay-two'")


def a_paid_order_whose_payment_went_back(sale: Sale) -> None:
    sale.sql("UPDATE seckill_payment SET fate = 'REFUNDED' WHERE payment_id = 'pay-cat'")


def a_refund_that_nobody_was_told_of(sale: Sale) -> None:
    sale.sql("DELETE FROM seckill_outbox WHERE type = 'RefundDue'")


@pytest.mark.parametrize(
    ("seed", "broken"),
    [
        (more_orders_than_stock, {"I1", "I3", "I6", "I8"}),
        (more_orders_than_a_tranche_has, {"I1", "I6"}),
        (units_left_though_somebody_was_refused, {"I2", "I6"}),
        (a_member_over_his_limit, {"I3", "I4", "I6"}),
        (a_member_counted_wrongly, {"I3"}),
        (a_success_without_an_order, {"I4"}),
        (a_success_with_anothers_order, {"I4"}),
        (a_success_that_names_no_order, {"I4"}),
        (a_refusal_with_an_order, {"I4"}),
        (an_order_that_nobody_asked_for, {"I4"}),
        (an_unknown_answer_that_nobody_followed, {"I4"}),
        (an_unknown_answer_that_stays_pending, {"I4"}),
        (a_result_that_is_not_true, {"I4"}),
        (a_repeat_with_another_answer, {"I5"}),
        (a_repeat_that_is_refused, {"I5"}),
        (a_gate_that_would_oversell, {"I6"}),
        (a_gate_with_another_stock, {"I6"}),
        (a_gate_that_forgot_an_order, {"I6"}),
        (a_claim_that_is_never_settled, {"I6"}),
        (a_claim_without_an_order, {"I6"}),
        (a_gate_that_counts_a_member_wrongly, {"I6"}),
        (an_answer_long_after_its_deadline, {"I7"}),
        (a_call_without_an_answer, {"I7"}),
        (a_counter_that_is_not_what_orders_hold, {"I8"}),
        (a_tranche_that_is_not_what_orders_hold, {"I8"}),
        (a_request_with_two_orders, {"I4", "I8"}),
        (a_reservation_told_twice, {"I8"}),
        (an_order_paid_twice, {"I8"}),
        (a_paid_order_whose_payment_went_back, {"I8"}),
        (a_refund_that_nobody_was_told_of, {"I8"}),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_seeded_violation_is_found(sale: Sale, seed: Callable[[Sale], None], broken: set[str]) -> None:
    seed(sale)
    assert {violation.invariant for violation in sale.broken()} == broken


def test_a_repeat_that_risk_turned_away_is_no_answer_of_the_sale(sale: Sale) -> None:
    sale.said.append(_said("ann", code=8, reason="THROTTLED", sent=T0 + 1, ended=T0 + 1.1))
    assert sale.broken() == []


def test_a_payment_that_came_late_may_reserve_once_more_and_no_other(sale: Sale) -> None:
    sale.sql(_event("ann", "PaymentLate", 2), _event("ann", "UnitReserved", 3))
    assert sale.broken() == []
    sale.sql(_event("ann", "UnitReserved", 4))
    assert {violation.invariant for violation in sale.broken()} == {"I8"}


def test_every_invariant_has_a_seed_that_breaks_it_alone_or_first() -> None:
    assert list(INVARIANTS) == [f"I{number}" for number in range(1, 9)]


def test_the_program_says_what_broke_and_ends_with_status_1(sale: Sale) -> None:
    assert _run(sale) == (0, True)
    a_counter_that_is_not_what_orders_hold(sale)
    assert _run(sale) == (1, False)


def test_the_program_gives_the_gate_some_time_to_be_right(sale: Sale) -> None:
    a_gate_that_forgot_an_order(sale)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(_run, sale, "30")
        time.sleep(1)
        sale.gate.hset(BASE + "held", "ann/r1", struct.pack(">BH", 1, 1))
        assert running.result() == (0, True)
    a_gate_that_forgot_an_order(sale)
    assert _run(sale, "0.1") == (1, False)


def test_a_log_that_is_cut_off_is_no_proof(sale: Sale) -> None:
    sale.evidence()
    sale.log.write_text(sale.log.read_text()[:-20])
    with pytest.raises(json.JSONDecodeError):
        read_logs([sale.log])


def _run(sale: Sale, patience: str = "1") -> tuple[int, bool]:
    sale.evidence()
    stores = ["--store", sale.store_url, "--redis", sale.redis_url, "--patience", patience]
    command = [
        sys.executable,
        "-m",
        "benchmarks.checking",
        *stores,
        "--watched",
        ACTIVITY,
        "--log",
        str(sale.log),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3])
    assert not done.stderr, done.stderr
    return done.returncode, "I1 to I8 hold" in done.stdout
