"""The rules in force as this process knows them: those published last, and until then its own."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from domain.risk.canonical import decoded
from domain.risk.rules import RuleSet
from domain.risk.rules_check import violations
from servers.mesh.judging.conditions import Conditions, Failed, what_is_wrong
from servers.mesh.judging.plans import InForce
from servers.mesh.judging.published import RULES
from servers.mesh.redis_clients import AnyRedis

_log = structlog.get_logger("nectary.risk")


def rules_of(document: str | bytes) -> RuleSet:
    """The rules of a document. Raises ValueError, with all that is wrong, if they cannot be applied."""
    rules = decoded(RuleSet, document)
    wrong = violations(rules, what_is_wrong)
    if wrong:
        raise ValueError("; ".join(f"{one.field}: {one.description}" for one in wrong))
    return rules


class RulesCopy:
    """Rules, made ready to judge by. Bad ones are never loaded: the last good ones stay."""

    def __init__(self, own: Callable[[], RuleSet], failed: Failed) -> None:
        """`own` are in force until some are published; Raises ValueError if one cannot be judged by.

        `failed` is told of conditions that cannot be evaluated.
        """
        self._own, self._failed = own, failed
        self._own_in_use = own()
        self.in_force = self._prepared(self._own_in_use)
        self._read = b""
        self.bad_documents = 0

    async def follow(self, client: AnyRedis, head: Mapping[bytes, bytes]) -> None:
        """Puts the published rules in force, if they are others than those read last."""
        revision = head.get(b"rules")
        if revision is None:
            # Nothing was ever published, or Redis lost it: what was published stays.
            self._follow_own()
        elif revision != self._read:
            call: Any = client
            document = await call.get(RULES)
            self._read = revision
            self._load(document or b"")

    def _follow_own(self) -> None:
        own = self._own()
        if not self._read and own is not self._own_in_use:
            self._own_in_use, self.in_force = own, self._prepared(own)

    def _load(self, document: bytes) -> None:
        try:
            self.in_force = self._prepared(rules_of(document))
        except ValueError as error:
            self.bad_documents += 1
            _log.error("published rules are bad, the last good ones stay", error=str(error))
        else:
            _log.info("published rules are in force", revision=self.in_force.rules.revision)

    def _prepared(self, rules: RuleSet) -> InForce:
        return InForce(rules, Conditions(rules.rules, self._failed).truth)
