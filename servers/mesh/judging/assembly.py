"""Puts together what all calls of a process are judged with, from its configuration."""

import os
from collections.abc import Callable
from contextlib import AsyncExitStack

import structlog

from domain.risk.rules import RuleSet
from servers.mesh.config import Config
from servers.mesh.judging.conditions import Failed
from servers.mesh.judging.file_sink import FileSink
from servers.mesh.judging.following import Following
from servers.mesh.judging.grounds import to_json
from servers.mesh.judging.judge import Chambers
from servers.mesh.judging.list_copy import ListCopy
from servers.mesh.judging.log import EventLog
from servers.mesh.judging.outlet import Outlet
from servers.mesh.judging.rules_copy import RulesCopy, rules_of
from servers.mesh.judging.shipped import SHIPPED
from servers.mesh.judging.stream_sink import StreamSink
from servers.mesh.judging.tally import Tally
from servers.mesh.limiting.keys import Keys
from servers.mesh.limiting.limiter import WindowLimiter
from servers.mesh.limiting.metrics import LimiterMetrics
from servers.mesh.metrics import Metrics
from servers.mesh.resources import Resources
from servers.mesh.slices import Job
from servers.mesh.watched_file import WatchedFile

_log = structlog.get_logger("nectary.risk")
_CONDITION_FAILED = "a condition cannot be evaluated: for such calls its rule is off"
_PUBLIC_SECRET = b"nectary, whose operator set no secret"


async def chambers_of(
    resources: Resources, metrics: Metrics, closing: AsyncExitStack, jobs: list[Job]
) -> Chambers:
    """With the copies read once, if Redis answers. What must run meanwhile is added to `jobs`.

    Raises OSError or ValueError if the file of rules is bad.
    """
    config = resources.config
    tally = Tally(lambda: following.behind_seconds, lambda: rules.bad_documents + suspects.bad_entries)
    rules = RulesCopy(_own_rules(config, jobs), _condition_failed(tally))
    suspects = ListCopy()
    following = Following(resources.redis(), [rules, suspects])
    limiter = _limiter(resources)
    closing.push_async_callback(limiter.close)
    records = _event_log(resources, closing)
    metrics.registry.register(tally)
    metrics.registry.register(records)
    metrics.registry.register(LimiterMetrics(limiter))
    await following.look()
    jobs += [Job("follow rules and list", following.run), Job("keep counts together", limiter.run)]
    return Chambers(rules, suspects, limiter, records, resources.clock, tally)


def _own_rules(config: Config, jobs: list[Job]) -> Callable[[], RuleSet]:
    if config.risk_rules is None:
        return lambda: SHIPPED
    file = WatchedFile(config.risk_rules, rules_of)
    jobs.append(Job("watch rules", file.watch))
    return file.current


def _limiter(resources: Resources) -> WindowLimiter:
    config = resources.config
    if not config.risk_secret:
        _log.warning("names in Redis are hashed without a secret: set risk_secret")
    keys = Keys(config.risk_secret.encode() or _PUBLIC_SECRET, config.risk_shards)
    replica = os.urandom(8).hex()
    return WindowLimiter(resources.redis(), keys, resources.system_clock, replica, config.risk_slow_ms / 1000)


def _event_log(resources: Resources, closing: AsyncExitStack) -> EventLog:
    config, outlets = resources.config, []
    if config.risk_log_stream:
        outlets.append(Outlet(StreamSink(resources.redis(), resources.system_clock)))
    if config.risk_log_file is not None:
        sink = FileSink(
            config.risk_log_file, max_bytes=config.risk_log_file_bytes, kept_files=config.risk_log_files
        )
        closing.callback(sink.close)
        outlets.append(Outlet(sink))
    log = EventLog(outlets, to_json, samples_per_second=config.risk_log_samples)
    log.start()
    closing.push_async_callback(log.close)
    return log


def _condition_failed(tally: Tally) -> Failed:
    def failed(rule_id: str, error: str) -> None:
        tally.failed_conditions[rule_id] += 1
        _log.error(_CONDITION_FAILED, rule=rule_id, error=error)

    return failed
