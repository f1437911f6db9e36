"""The rules in force, and the limiter as the risk interceptor sees it."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.risk.limit import FailureClass, Limit
from domain.risk.stamps import NEVER
from nectary.risk.v1 import policy_pb2 as risk
from servers.mesh.interceptors.risk import Decision
from servers.mesh.limiting.judgement import Charge, Judgement
from servers.mesh.limiting.limiter import WindowLimiter
from servers.mesh.limiting.script import MOST_LIMITS
from servers.mesh.subjects import Kind, Subject

JITTER = 0.1
"""At most so much is added to the time to come back: those refused together shall not return together."""
NEVER_RETRY_MS = 24 * 3_600_000
"""What a caller is told whose call costs more than its limit has."""
ANY_SCENE = "*"
SCENE = "scene"
"""The kind of subject of a limit that all calls of a scene share."""

_KINDS: Mapping[Kind, str] = {
    risk.SUBJECT_MEMBER: "member",
    risk.SUBJECT_DEVICE: "device",
    risk.SUBJECT_PAYMENT: "payment",
}
_CLASSES: "Mapping[risk.FailureClass.ValueType, FailureClass]" = {
    risk.FAILURE_CLASS_BOUNDED: FailureClass.BOUNDED,
    risk.FAILURE_CLASS_CLOSED: FailureClass.CLOSED,
    risk.FAILURE_CLASS_OPEN: FailureClass.OPEN,
}


@dataclass(frozen=True)
class Rule:
    """A limit and the calls that it is for."""

    limit: Limit
    scene: str = ANY_SCENE
    """A scene, the beginning of scenes (`identity.*`), or all."""

    def is_for(self, scene: str) -> bool:
        if self.scene.endswith(ANY_SCENE):
            return scene.startswith(self.scene[: -len(ANY_SCENE)])
        return scene == self.scene


class Rules:
    """All rules of one version, in the order in which they take the places of a call. Immutable.

    Raises ValueError if two rules have one id: they would share their windows.
    """

    def __init__(self, version: int, rules: Iterable[Rule] = ()) -> None:
        self.version = version
        self.rules = tuple(Rule(one.limit.at_version(version), one.scene) for one in rules)
        ids = [one.limit.rule_id for one in self.rules]
        if len(ids) != len(set(ids)):
            raise ValueError("two rules have the same id")
        self._by_scene: dict[str, Sequence[Limit]] = {}

    def limits_of(self, scene: str) -> Sequence[Limit]:
        """What is limited in a scene. Scenes come from the contract, so there are few."""
        if scene not in self._by_scene:
            self._by_scene[scene] = [one.limit for one in self.rules if one.is_for(scene)]
        return self._by_scene[scene]

    def charges(self, scene: str, subjects: Sequence[tuple[str, str]]) -> list[Charge]:
        """What a call is charged to, from (kind, name) of whom it names: at most 8 charges.

        A rule that would need more places than are left is passed over: a batch of a thousand members
        is limited by who sends it, not by whom it names.
        """
        named: dict[str, dict[str, None]] = {}
        for kind, name in subjects:
            named.setdefault(kind, {})[name] = None
        charges: list[Charge] = []
        for limit in self.limits_of(scene):
            names = named.get(limit.subject, ())
            if len(charges) + len(names) <= MOST_LIMITS:
                charges += [Charge(limit, name) for name in names]
        return charges


class RuleLimiter:
    """Puts calls before the rules in force. `rules` may be exchanged at any time."""

    def __init__(self, limiter: WindowLimiter, rules: Rules) -> None:
        self._limiter = limiter
        self.rules = rules

    async def judge(
        self,
        scene: str,
        subjects: Sequence[tuple[str, str]],
        cost: int,
        failure_class: FailureClass = FailureClass.BOUNDED,
    ) -> Judgement:
        """The whole answer, for those who record, explain or replay it."""
        charges = self.rules.charges(scene, [*subjects, (SCENE, scene)])
        return await self._limiter.decide(charges, cost, failure_class)

    async def decide(
        self,
        subjects: Sequence[Subject],
        scene: str,
        cost: int,
        failure_class: "risk.FailureClass.ValueType",
    ) -> Decision:
        """The answer as the interceptor wants it."""
        named = [(_KINDS[one.kind], one.value) for one in subjects]
        judgement = await self.judge(scene, named, cost, _CLASSES[failure_class])
        if judgement.admitted:
            return _ADMITTED
        limit = judgement.decision.deciding
        assert limit is not None, "only a limit refuses"
        return Decision(
            False, told_retry_ms(judgement), f"{limit.name} (rule {limit.rule_id} v{limit.version})"
        )


_ADMITTED = Decision(allowed=True)


def told_retry_ms(judgement: Judgement) -> int:
    """When a refused caller is told to come back: never before there is room, if nobody else asks."""
    wait = judgement.decision.retry_after_ms
    return NEVER_RETRY_MS if wait == NEVER else int(wait * (1 + random.random() * JITTER))
