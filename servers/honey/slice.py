"""Puts Honey together: its stores, services and jobs, from the resources of the process."""

from typing import cast

from redis.asyncio import Redis

from clients import IdentityClient
from nectary.honey.v1 import (
    earning_service_pb2_grpc,
    liability_service_pb2_grpc,
    task_service_pb2_grpc,
    tier_service_pb2_grpc,
    wallet_service_pb2_grpc,
)
from servers.honey.earning_servicer import EarningServicer
from servers.honey.identities import Identities
from servers.honey.intake import STREAMS, order_intake
from servers.honey.jobs import SIDE_BY_SIDE, DueJob
from servers.honey.liability_servicer import LiabilityServicer
from servers.honey.reads import Reads
from servers.honey.recording import Recording
from servers.honey.servicer import WalletServicer
from servers.honey.sql.rules import RulesMemory
from servers.honey.sql.tables import common
from servers.honey.sql.unit import Unit
from servers.honey.task_servicer import TaskServicer
from servers.honey.tier_servicer import TierServicer
from servers.mesh.clock import TestClock
from servers.mesh.resources import Resources
from servers.mesh.slices import Served, Slice
from servers.store.health import probe
from servers.store.idempotency import Idempotency
from servers.store.inbox import Inbox
from servers.store.leased import Leased
from servers.store.outbox import Outbox
from servers.store.relay import Relay
from servers.store.retention import Retention
from servers.store.writes import Writes

STREAM = "nectary:honey:events"
RETENTION_EVERY_SECONDS = 3_600.0


async def honey_slice(resources: Resources) -> Slice:
    """Everything of Honey in this process."""
    store, memory = resources.store("honey"), RulesMemory()
    clock, system_clock = resources.clock, resources.system_clock
    writes: Writes[Unit] = Writes(
        "honey", store, lambda connection: Unit(connection, memory), common.idempotency, clock
    )
    identities = Identities(lambda: _identity(resources))
    recording = Recording(store, writes, memory, identities, clock)
    due = DueJob(
        store,
        Writes(
            "honey due",
            store,
            lambda connection: Unit(connection, memory),
            common.idempotency,
            clock,
            in_flight=SIDE_BY_SIDE,
        ),
        clock,
    )
    if isinstance(clock, TestClock):
        clock.subscribe(due.catch_up)
    leased = Leased("honey", store, common.lease, system_clock)
    # Of a cluster the readers need no more than of a single server: one stream is in one place.
    waiting = cast("Redis", resources.waiting_redis())
    intakes = {
        service: order_intake(service, store, memory, identities, waiting, clock, system_clock)
        for service in STREAMS
    }
    outbox = Outbox(common.outbox)
    relay = Relay(store, outbox, resources.redis(), STREAM, system_clock)
    retention = Retention(
        store, outbox, Inbox(common.inbox, "honey"), Idempotency(common.idempotency), system_clock
    )
    return Slice(
        name="honey",
        servicers=[
            Served(
                wallet_service_pb2_grpc.add_WalletServiceServicer_to_server,
                WalletServicer(writes, Reads(store, memory, clock)),
                "nectary.honey.v1.WalletService",
            ),
            Served(
                earning_service_pb2_grpc.add_EarningServiceServicer_to_server,
                EarningServicer(store, writes, memory, recording, clock),
                "nectary.honey.v1.EarningService",
            ),
            Served(
                liability_service_pb2_grpc.add_LiabilityServiceServicer_to_server,
                LiabilityServicer(store, memory, clock),
                "nectary.honey.v1.LiabilityService",
            ),
            Served(
                tier_service_pb2_grpc.add_TierServiceServicer_to_server,
                TierServicer(store, memory, clock),
                "nectary.honey.v1.TierService",
            ),
            Served(
                task_service_pb2_grpc.add_TaskServiceServicer_to_server,
                TaskServicer(store, memory, clock),
                "nectary.honey.v1.TaskService",
            ),
        ],
        jobs=[
            leased.job("due", due.run, every_seconds=0.5),
            *(leased.job(f"orders of {service}", intake.run) for service, intake in intakes.items()),
            leased.job("relay", relay.run),
            leased.job("retention", retention.run, RETENTION_EVERY_SECONDS),
        ],
        probes=[lambda: probe(store, common.lease, system_clock)],
        close=writes.drain,
    )


def _identity(resources: Resources) -> IdentityClient:
    return IdentityClient(resources.channel(resources.config.identity_target, IdentityClient.SERVICE))
