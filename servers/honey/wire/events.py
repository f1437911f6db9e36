"""Earning events and what comes of them, on the wire."""

from domain.honey.commands.events import Evaluated, Recorded, RecordEvent
from domain.honey.earning_events import Event, Item
from domain.honey.settling import ItemPoints
from domain.honey.verdicts import Earning, Outcome, Verdict
from domain.honey.wallets import MEMBER, Owner, wallet_id_of
from domain.shared.instants import Instant
from nectary.honey.v1 import earning_service_pb2 as pb
from nectary.honey.v1 import wallet_service_pb2
from servers.honey.wire import wallets
from servers.honey.wire.values import optional_instant, optional_timestamp
from servers.mesh.enum_names import Names
from servers.mesh.timestamps import instant_of, timestamp_of

OUTCOMES = Names(Outcome, pb.RuleOutcome)


def recording_of(request: pb.RecordEventRequest | pb.EvaluateEventRequest) -> RecordEvent:
    told = request.event
    event = Event(
        event_id=told.event_id,
        member_id=request.member_id,
        scene=told.scene,
        occurred=instant_of(told.event_time),
        ordered=optional_instant(told, "order_time"),
        channel=told.channel,
        merchant_id=told.merchant_id,
        currency=told.currency,
        items=tuple(Item(item.item_id, item.paid_minor, item.spent_points) for item in told.items),
        spend_id=told.spend_transaction_id,
    )
    return RecordEvent(wallet_id_of(request.programme_id, Owner(MEMBER, request.member_id)), event)


def recorded(own: Recorded, now: Instant) -> pb.RecordEventResponse:
    return pb.RecordEventResponse(
        verdicts=[_verdict(each) for each in own.evaluation.verdicts],
        lots=[wallets.lot(each) for each in own.lots],
        recorded_before=own.recorded_before,
        balance=wallets.balance(own.standing, now),
        completed_task_ids=[each.key.task_id for each in own.completed],
    )


def evaluated(own: Evaluated) -> pb.EvaluateEventResponse:
    return pb.EvaluateEventResponse(
        revision=own.revision,
        verdicts=[_verdict(each) for each in own.evaluation.verdicts],
        would_earn=[_would_earn(each) for each in own.evaluation.earnings],
    )


def item_points(own: ItemPoints) -> wallet_service_pb2.ItemPoints:
    return wallet_service_pb2.ItemPoints(
        item_id=own.item_id, refunded_minor=own.refunded, earned_points=own.earned, spent_points=own.spent
    )


def _verdict(own: Verdict) -> pb.RuleVerdict:
    return pb.RuleVerdict(
        rule_id=own.rule_id,
        version=own.version,
        outcome=OUTCOMES.wire(own.outcome),
        because=own.because,
        points=own.points,
    )


def _would_earn(own: Earning) -> pb.WouldEarn:
    return pb.WouldEarn(
        rule_id=own.basis.rule.rule_id,
        points=own.points,
        active_time=timestamp_of(own.active_from),
        expire_time=optional_timestamp(own.expires),
        item_points=own.by_item,
    )
