"""Puts Seckill together: gate, sale, services and jobs, from the resources of the process."""

from typing import cast

from redis.asyncio import Redis

from clients import IdentityClient
from domain.shared.instants import Instant
from nectary.seckill.v1 import activity_service_pb2_grpc, seckill_service_pb2_grpc
from servers.mesh.clock import TestClock
from servers.mesh.resources import Resources
from servers.mesh.slices import Job, Served, Slice
from servers.seckill.activity_servicer import ActivityServicer
from servers.seckill.gate.gate import Gate
from servers.seckill.identities import LateIdentities
from servers.seckill.metrics import SaleMetrics
from servers.seckill.sale.commits import Commits
from servers.seckill.sale.deliveries import delivery_intake
from servers.seckill.sale.eligibility import Eligibility
from servers.seckill.sale.jobs import Expiry, GateCare
from servers.seckill.sale.operators import Operators
from servers.seckill.sale.recent import RecentActivities
from servers.seckill.sale.selling import Selling
from servers.seckill.sale.source import DatabaseSource
from servers.seckill.sale.telling import STREAM
from servers.seckill.sale.turn import Turns
from servers.seckill.servicer import SeckillServicer
from servers.seckill.sql.tables import common
from servers.store.health import probe
from servers.store.idempotency import Idempotency
from servers.store.inbox import Inbox
from servers.store.leased import Leased
from servers.store.outbox import Outbox
from servers.store.relay import Relay
from servers.store.retention import Retention
from servers.store.store import Store

EXPIRE_EVERY_SECONDS = 0.5
EXPIRY_LEASE_SECONDS = 3.0
"""The units of a buyer who did not pay must not wait for a dead process; two at once do no harm."""
COMPARE_EVERY_SECONDS = 10.0
RETENTION_EVERY_SECONDS = 3_600.0


async def seckill_slice(resources: Resources) -> Slice:
    """Everything of Seckill in this process."""
    store, clock = resources.store("seckill"), resources.clock
    gate = Gate(resources.redis(), DatabaseSource(store, clock), lambda: _ahead(resources))
    turns = Turns(resources.redis())
    commits = Commits(store, clock, gate, turns)
    identities = LateIdentities(
        lambda: resources.channel(resources.config.identity_target, IdentityClient.SERVICE)
    )
    sales = Selling(store, clock, gate, commits, RecentActivities(store), Eligibility(identities))
    operators = Operators(store, clock, gate)

    async def close() -> None:
        await commits.drain()
        await turns.close()
        await gate.close()

    return Slice(
        name="seckill",
        servicers=[
            Served(
                seckill_service_pb2_grpc.add_SeckillServiceServicer_to_server,
                SeckillServicer(sales, clock),
                "nectary.seckill.v1.SeckillService",
            ),
            Served(
                activity_service_pb2_grpc.add_ActivityServiceServicer_to_server,
                ActivityServicer(operators),
                "nectary.seckill.v1.ActivityService",
            ),
        ],
        jobs=_jobs(resources, store, gate, commits),
        probes=[lambda: probe(store, common.lease, resources.system_clock)],
        collectors=[SaleMetrics(commits.tally, gate)],
        close=close,
    )


def _jobs(resources: Resources, store: Store, gate: Gate, commits: Commits) -> list[Job]:
    leased = Leased("seckill", store, common.lease, resources.system_clock)
    expiry, care = Expiry(store, commits, resources.clock), GateCare(store, gate, resources.clock)
    if isinstance(resources.clock, TestClock):
        resources.clock.subscribe(expiry.catch_up)
    # Of a cluster the reader needs no more than of a single server: one stream is in one place.
    waiting = cast("Redis", resources.waiting_redis())
    deliveries = delivery_intake(store, commits, waiting, resources.system_clock)
    relay = Relay(store, Outbox(common.outbox), resources.redis(), STREAM, resources.system_clock)
    retention = Retention(
        store,
        Outbox(common.outbox),
        Inbox(common.inbox, "seckill"),
        Idempotency(common.idempotency),
        resources.system_clock,
    )
    return [
        Job("seckill gate", gate.run),
        Job("seckill sweep", care.sweep_for_ever),
        leased.job("expiry", expiry.run, EXPIRE_EVERY_SECONDS, EXPIRY_LEASE_SECONDS),
        leased.job("comparison", care.compare, COMPARE_EVERY_SECONDS),
        leased.job("deliveries", deliveries.run),
        leased.job("relay", relay.run),
        leased.job("retention", retention.run, RETENTION_EVERY_SECONDS),
    ]


def _ahead(resources: Resources) -> Instant:
    """How far a test clock has left real time behind, in microseconds."""
    if not isinstance(resources.clock, TestClock):
        return 0
    return resources.clock.now() - resources.system_clock.now()
