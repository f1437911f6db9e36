"""Puts Identity together: its stores, services and jobs, from the resources of the process."""

from typing import cast

from redis.asyncio import Redis

from nectary.identity.v1 import catalog_service_pb2_grpc, identity_service_pb2_grpc
from servers.identity.asking import Asking
from servers.identity.attention import AttentionCounter
from servers.identity.catalog_servicer import CatalogServicer
from servers.identity.display import Display
from servers.identity.flash_sales import flash_sale_intake
from servers.identity.held import HeldReader
from servers.identity.jobs import Announcer, Weigher
from servers.identity.reads import Reads
from servers.identity.servicer import IdentityServicer
from servers.identity.sql.tables import common
from servers.identity.sql.unit import Memory
from servers.identity.task_rewards import task_reward_intake
from servers.identity.writes import identity_writes
from servers.mesh.clock import TestClock
from servers.mesh.resources import Resources
from servers.mesh.slices import Job, Served, Slice
from servers.store.health import probe
from servers.store.idempotency import Idempotency
from servers.store.inbox import Inbox
from servers.store.leased import Leased
from servers.store.outbox import Outbox
from servers.store.relay import Relay
from servers.store.retention import Retention
from servers.store.store import Store

STREAM = "nectary:identity:events"
RETENTION_EVERY_SECONDS = 3_600.0
WEIGH_EVERY_SECONDS = 60.0


async def identity_slice(resources: Resources) -> Slice:
    """Everything of Identity in this process."""
    store, memory = resources.store("identity"), Memory(resources.system_clock)
    held, display = HeldReader(store, resources.clock), Display(store, memory)
    writes = identity_writes(store, memory, resources.clock, held.forget)
    asking = Asking(store, memory, writes, resources.clock)
    attention = AttentionCounter(store, display, resources.clock)
    announcer = Announcer(store, writes, resources.clock)
    weigher = Weigher(store, display, resources.clock)
    if isinstance(resources.clock, TestClock):
        resources.clock.subscribe(announcer.catch_up)
        resources.clock.subscribe(weigher.catch_up)
    leased = Leased("identity", store, common.lease, resources.system_clock)
    # Of a cluster the reader needs no more than of a single server: one stream is in one place.
    waiting = cast("Redis", resources.waiting_redis())
    flash_sales = flash_sale_intake(store, memory, waiting, resources.clock, resources.system_clock)
    rewards = task_reward_intake(store, memory, waiting, resources.clock, resources.system_clock)
    reads = Reads(store, resources.clock, resources.system_clock, held, display)
    return Slice(
        name="identity",
        servicers=[
            Served(
                identity_service_pb2_grpc.add_IdentityServiceServicer_to_server,
                IdentityServicer(asking, reads, attention),
                "nectary.identity.v1.IdentityService",
            ),
            Served(
                catalog_service_pb2_grpc.add_CatalogServiceServicer_to_server,
                CatalogServicer(asking, memory, display),
                "nectary.identity.v1.CatalogService",
            ),
        ],
        jobs=[
            Job("identity attention", attention.run),
            leased.job("announcements", announcer.run, every_seconds=0.5),
            leased.job("weights", weigher.run, WEIGH_EVERY_SECONDS),
            leased.job("flash sales", flash_sales.run),
            leased.job("task rewards", rewards.run),
            leased.job("relay", _relay(resources, store).run),
            leased.job("retention", _retention(resources, store).run, RETENTION_EVERY_SECONDS),
        ],
        probes=[lambda: probe(store, common.lease, resources.system_clock)],
        close=writes.drain,
    )


def _relay(resources: Resources, store: Store) -> Relay:
    return Relay(store, Outbox(common.outbox), resources.redis(), STREAM, resources.system_clock)


def _retention(resources: Resources, store: Store) -> Retention:
    return Retention(
        store,
        Outbox(common.outbox),
        Inbox(common.inbox, "identity"),
        Idempotency(common.idempotency),
        resources.system_clock,
    )
