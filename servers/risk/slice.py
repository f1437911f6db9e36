"""Puts Risk together: its store, service and jobs, from the resources of the process."""

from typing import cast

from redis.asyncio import Redis

from nectary.risk.v1 import risk_service_pb2_grpc
from servers.mesh.resources import Resources
from servers.mesh.slices import Job, Served, Slice
from servers.risk.alerting import Alerting
from servers.risk.asking import Asking
from servers.risk.channels import channels_of, engine_of
from servers.risk.detector import Detector
from servers.risk.drafts import Drafts
from servers.risk.engine import Engine
from servers.risk.evaluating import Evaluator
from servers.risk.intake import DecisionRetention, decision_intake
from servers.risk.publishing import Publisher
from servers.risk.reads import Reads
from servers.risk.servicer import RiskServicer
from servers.risk.sql.tables import common
from servers.risk.trials import Trials
from servers.store.health import probe
from servers.store.idempotency import Idempotency
from servers.store.inbox import Inbox
from servers.store.leased import Leased
from servers.store.outbox import Outbox
from servers.store.retention import Retention
from servers.store.store import Store

PUBLISH_EVERY_SECONDS = 0.2
"""With the half second in which copies look, a change is everywhere within one."""
RETENTION_EVERY_SECONDS = 3_600.0


async def risk_slice(resources: Resources) -> Slice:
    """Everything of Risk in this process."""
    store = resources.store("risk")
    asking, trials = Asking(store, resources.clock), Trials(store)
    engine = engine_of(resources.config, resources.clock)
    servicer = RiskServicer(
        asking,
        Reads(store, resources.clock, trials),
        Drafts(asking, trials),
        Evaluator(resources.chambers, engine),
    )

    async def close() -> None:
        if engine is not None:
            await engine.close()

    return Slice(
        name="risk",
        servicers=[
            Served(
                risk_service_pb2_grpc.add_RiskServiceServicer_to_server,
                servicer,
                "nectary.risk.v1.RiskService",
            )
        ],
        jobs=_jobs(resources, store, engine),
        probes=[lambda: probe(store, common.lease, resources.system_clock)],
        close=close,
    )


def _jobs(resources: Resources, store: Store, engine: Engine | None) -> list[Job]:
    leased = Leased("risk", store, common.lease, resources.system_clock)
    publisher = Publisher(store, resources.redis(), resources.clock, resources.system_clock)
    # Of a cluster the reader needs no more than of a single server: one stream is in one place.
    waiting = cast("Redis", resources.waiting_redis())
    intake = decision_intake(store, waiting, resources.system_clock)
    retention = Retention(
        store,
        Outbox(common.outbox),
        Inbox(common.inbox, "risk"),
        Idempotency(common.idempotency),
        resources.system_clock,
    )
    forgetting = DecisionRetention(store, resources.clock)
    alerting = Alerting(store, channels_of(resources.config), resources.clock)
    return [
        leased.job("publishing", publisher.run, PUBLISH_EVERY_SECONDS),
        leased.job("decisions", intake.run),
        leased.job("detection", lambda lease: Detector(store, resources.clock, engine).run(lease)),
        leased.job("alerts", alerting.run),
        leased.job("retention", retention.run, RETENTION_EVERY_SECONDS),
        leased.job("forgetting", forgetting.run, RETENTION_EVERY_SECONDS),
    ]
