"""Giving money and time back, and undoing that."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from domain.identity.catalog import Catalog
from domain.identity.laying import flatten
from domain.identity.orders import Order, OrderState, RefundNotice
from domain.identity.ports import IdentityPorts
from domain.identity.recording import Written, open_timeline, write
from domain.identity.termination import Ending, Reinstated, Terminated, reinstate, term_of, terminate
from domain.identity.timeline import Timeline, fold
from domain.shared.doing import Doing
from domain.shared.errors import FieldViolation, Invalid, NotFound, Refused
from domain.shared.instants import Instant


@dataclass(frozen=True, slots=True)
class TerminateTerm:
    """End a term, named by itself or by its order. `share` 1 gives back all that remains."""

    member_id: str
    refund_id: str
    term_id: str = ""
    order_id: str = ""
    at: Instant | None = None
    share: Fraction = Fraction(1)
    keep_time: bool = False
    release_trial: bool = False


@dataclass(frozen=True, slots=True)
class ReinstateTerm:
    """Undo a refund."""

    member_id: str
    refund_id: str


@dataclass(frozen=True)
class Refunded:
    """A refund that was made, or (`terminated` is None) that waits for the payment of its order."""

    terminated: Terminated | None
    written: Written


@dataclass(frozen=True)
class Unrefunded:
    """An undone refund; `reinstated` is None if it had been undone before."""

    reinstated: Reinstated | None
    written: Written


def preview_termination(command: TerminateTerm, ports: IdentityPorts, doing: Doing) -> Terminated:
    """What ending the term would do. Raises what ending it would."""
    timeline, layout = open_timeline(ports.timelines, command.member_id)
    catalog = ports.catalogs.current(doing.now)
    return terminate(timeline, layout, catalog.rules, _ending(command, command.term_id, doing), doing.now)


def terminate_term(command: TerminateTerm, ports: IdentityPorts, doing: Doing) -> Refunded:
    """End a term, once for each refund id."""
    timeline, layout = open_timeline(ports.timelines, command.member_id)
    term_id = command.term_id
    if command.order_id:
        order = _order_of(command, ports)
        if order.state is not OrderState.PAID:
            _wait(command, timeline, ports, doing)
            return Refunded(None, Written(timeline, layout))
        term_id = order.term_id
    if command.refund_id in timeline.refunds:
        return Refunded(_made_before(command, term_id, timeline, ports), Written(timeline, layout))
    _require_waits_for_no_other(command, ports)
    catalog = ports.catalogs.current(doing.now)
    terminated = terminate(timeline, layout, catalog.rules, _ending(command, term_id, doing), doing.now)
    if command.release_trial:
        ports.claims.release_trial(term_id)
    return Refunded(terminated, _write(terminated, timeline, ports, doing))


def reinstate_term(command: ReinstateTerm, ports: IdentityPorts, doing: Doing) -> Unrefunded:
    """Undo a refund. Undoing it twice changes nothing."""
    timeline, layout = open_timeline(ports.timelines, command.member_id)
    if command.refund_id in timeline.undone_refunds:
        return Unrefunded(None, Written(timeline, layout))
    catalog = ports.catalogs.current(doing.now)
    reinstated = reinstate(timeline, layout, catalog, command.refund_id, doing.now)
    effective = timeline.refunds[command.refund_id].cuts[0].at
    facts = [(effective, reinstated.fact)]
    written = write(ports.timelines, timeline, facts, doing, reinstated.moves, reinstated.layout)
    return Unrefunded(reinstated, written)


def apply_notice(
    notice: RefundNotice, term_id: str, catalog: Catalog, written: Written, ports: IdentityPorts, doing: Doing
) -> Written:
    """Make a refund that came before its payment, now that the term is there, for its own reason.

    One that a rule forbids is not made. The payment stands all the same: had it come first, it would too.
    """
    wish = Ending(notice.refund_id, term_id, notice.at, notice.share, notice.keep_time, notice.reason)
    try:
        terminated = terminate(written.timeline, written.layout, catalog.rules, wish, doing.now)
    except Refused:
        return written
    if notice.release_trial:
        ports.claims.release_trial(term_id)
    return _write(terminated, written.timeline, ports, replace(doing, reason=notice.reason))


def _write(terminated: Terminated, timeline: Timeline, ports: IdentityPorts, doing: Doing) -> Written:
    facts = [(terminated.fact.cuts[0].at, terminated.fact)]
    return write(ports.timelines, timeline, facts, doing, terminated.moves, terminated.layout)


def _ending(command: TerminateTerm, term_id: str, doing: Doing) -> Ending:
    at = doing.now if command.at is None else command.at
    return Ending(command.refund_id, term_id, at, command.share, command.keep_time, doing.reason)


def _order_of(command: TerminateTerm, ports: IdentityPorts) -> Order:
    order = ports.orders.get(command.order_id)
    if order.member_id != command.member_id:
        raise NotFound("ORDER_NOT_FOUND", "the member has no such order", order_id=command.order_id)
    if order.state is OrderState.CANCELLED:
        raise Refused(
            "ORDER_STATE_WRONG", "the order was cancelled", order_id=order.order_id, state=order.state.value
        )
    return order


def _wait(command: TerminateTerm, timeline: Timeline, ports: IdentityPorts, doing: Doing) -> None:
    """Keep a refund until its payment. Raises Refused (REFUND_ID_REUSED) if its id is of another one."""
    if command.refund_id in timeline.refunds:
        raise _id_reused(command)
    _require_waits_for_no_other(command, ports)
    notice = RefundNotice(
        command.refund_id,
        command.order_id,
        command.member_id,
        doing.now if command.at is None else command.at,
        command.share,
        command.keep_time,
        doing.reason,
        command.release_trial,
    )
    ports.orders.notice(notice)


def _require_waits_for_no_other(command: TerminateTerm, ports: IdentityPorts) -> None:
    """Raises Refused (REFUND_ID_REUSED) if another refund of this id waits for its payment."""
    waiting = ports.orders.noticed(command.member_id, command.refund_id)
    if waiting is None:
        return
    same = (waiting.order_id, waiting.share, waiting.keep_time)
    if same != (command.order_id, command.share, command.keep_time) or command.at not in (None, waiting.at):
        raise _id_reused(command)


def _id_reused(command: TerminateTerm) -> Refused:
    return Refused(
        "REFUND_ID_REUSED", "this refund id was used for something else", refund_id=command.refund_id
    )


def _made_before(
    command: TerminateTerm, term_id: str, timeline: Timeline, ports: IdentityPorts
) -> Terminated:
    """The first answer to this refund id, worked out from the history up to it."""
    fact = timeline.refunds[command.refund_id]
    first = fact.cuts[0]
    same = (first.term_id, first.share, first.keep_time) == (term_id, command.share, command.keep_time)
    if not same or (command.at is not None and command.at != first.at):
        raise _id_reused(command)
    history = ports.timelines.history(command.member_id)
    turn = next(number for number, line in enumerate(history) if line.fact == fact)
    before = fold(Timeline(timeline.member_id), history[:turn])
    after = fold(before, history[turn : turn + 1])
    held_back = first.hold and not term_of(before, term_id).hold
    return Terminated(fact, after, flatten(after), flatten(before), "COMPACTION" if held_back else "")


def require_reasoned(at: Instant | None, now: Instant, operator: bool, reason: str) -> None:
    """A past effective time is for operators, with a reason. Raises Invalid."""
    if at is None or at >= now:
        return
    violations: Sequence[FieldViolation] = []
    if not operator:
        violations = [FieldViolation("effective_time", "OPERATORS_ONLY", "only operators date back")]
    elif not reason:
        violations = [FieldViolation("reason", "REQUIRED", "dating back needs a reason")]
    if violations:
        raise Invalid(violations)
