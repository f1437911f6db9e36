"""Invariants of what clients were told: I4, I5, I7."""

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.checking.evidence import Evidence, Violation
from benchmarks.checking.rows import Order
from benchmarks.checking.said import OK, UNKNOWN, Found, Key, Said

SLACK_SECONDS = 0.5
"""So much later than its deadline an answer may be seen on a busy machine."""
LEAST_DEADLINE_SECONDS = 1.0
"""A deadline of milliseconds passes on the way; one of a second is to be answered by the server."""
NOT_HEARD = frozenset({"THROTTLED", "TOO_FAST", "SUBJECT_DENIED", "CHALLENGE_REQUIRED", "DRAINING"})
"""Reasons of Risk and of a full server: such a request never came to the sale, which did not answer it."""
NO_ANSWER = "client: the deadline passed"


def i4(evidence: Evidence) -> Iterator[Violation]:
    """A success has exactly one order, a refusal none, and what was unknown came out as one of both."""
    found: Mapping[Key, Found] = {one.key: one for one in evidence.log.found}
    for key, answers in evidence.said_by_key.items():
        orders = evidence.orders_by_key.get(key, ())
        what = _mismatch(answers, orders, found.get(key))
        if what:
            yield Violation("I4", f"request {'/'.join(key)}", what)
    for key, orders in evidence.orders_by_key.items():
        if key[0] in evidence.watched and key not in evidence.said_by_key:
            yield Violation("I4", f"order {orders[0].order}", "nobody asked for it")


def _mismatch(answers: Sequence[Said], orders: Sequence[Order], found: Found | None) -> str:
    ids = sorted(order.order for order in orders)
    told = sorted({answer.order for answer in answers if answer.code == OK})
    if told:
        return (
            ""
            if told == ids
            else f"was told of order {', '.join(told) or 'nothing'}, and there is {_named(ids)}"
        )
    if not any(answer.code in UNKNOWN for answer in answers):
        return f"was refused ({answers[-1].reason}), and there is {_named(ids)}" if ids else ""
    if found is None:
        return "its answer was unknown, and nobody asked what became of it"
    if found.state == "PENDING":
        return "its answer was unknown, and still is"
    said = [found.order] if found.state == "ORDERED" else []
    return "" if said == ids else f"GetResult found {_named(said)}, and there is {_named(ids)}"


def i5(evidence: Evidence) -> Iterator[Violation]:
    """The same request id has the same answer for ever, once it was a success."""
    for key, answers in evidence.said_by_key.items():
        where = f"request {'/'.join(key)}"
        if len({answer.answer for answer in answers if answer.code == OK}) > 1:
            yield Violation("I5", where, "was answered with success in different words")
        successes = [answer.ended for answer in answers if answer.code == OK]
        for answer in answers:
            if answer.code in UNKNOWN | {OK} or answer.reason in NOT_HEARD:
                continue
            if successes and answer.sent > min(successes):
                yield Violation("I5", where, f"had a success, and later was refused ({answer.reason})")
                break


def i7(evidence: Evidence) -> Iterator[Violation]:
    """Every call has an answer, by its deadline."""
    for said in evidence.log.said:
        waited = said.ended - said.sent
        if waited > said.deadline_seconds + SLACK_SECONDS:
            what = f"waited {waited:.2f} s with a deadline of {said.deadline_seconds:g} s"
        elif said.reason == NO_ANSWER and said.deadline_seconds >= LEAST_DEADLINE_SECONDS:
            what = f"had no answer within {said.deadline_seconds:g} s"
        else:
            continue
        yield Violation("I7", f"request {'/'.join(said.key)}", what)


def _named(ids: Sequence[str]) -> str:
    return f"order {', '.join(ids)}" if ids else "no order"
