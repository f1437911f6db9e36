"""Rules: for which calls, under which condition, with what effect, how far in force.

Whatever can be written down is a rule here; whether it may be applied is for `rules_check` to say.
"""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import TypeAlias

from domain.risk.subjects import SubjectKind

ANY_BELOW = ".*"
"""At the end of a scene: all scenes below it."""


class Outcome(StrEnum):
    """What is decided about a call, from the mildest to the hardest."""

    ALLOW = "ALLOW"
    THROTTLE = "THROTTLE"
    CHALLENGE = "CHALLENGE"
    DENY = "DENY"

    # Every call is counted by its outcome, and the hash of Enum is written in Python.
    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many units of one key in any window; each call uses its cost.

    What a rule says. `domain.risk.limit.Limit` is what is counted by, made from it in `charging`.
    """

    key: tuple[SubjectKind, ...]
    """Counted together: MEMBER and DEVICE is each member on each device. 1 to 4."""
    units: int
    """0 refuses whatever costs anything."""
    window_ms: int
    buckets: int = 0
    """Of a window of more than 64 units. 0: as many as divide it, at most 60."""

    @property
    def is_pace(self) -> bool:
        """Whether it is a least gap between two calls."""
        return self.units == 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer without counting."""

    outcome: Outcome
    """DENY or CHALLENGE."""
    reason: str


@dataclass(frozen=True, slots=True)
class Spread:
    """More distinct members than this on one device or address in a window list it.

    Found after the call, in the log: it refuses nothing by itself.
    """

    across: SubjectKind
    """DEVICE or ADDRESS."""
    most_members: int
    """So many are still normal."""
    window_ms: int


Effect: TypeAlias = Limit | Verdict | Spread


@dataclass(frozen=True, slots=True)
class Rollout:
    """How far a rule is in force; where it is not, it is in shadow: evaluated, recorded, never enforced."""

    shadow: bool = False
    """Everywhere."""
    percentage: int = 100
    """For so many of a hundred subjects it is enforced: the same ones each time."""
    shadow_scenes: tuple[str, ...] = ()
    """In these scenes. The blast-radius breaker puts them here."""


@dataclass(frozen=True, slots=True)
class StrikePolicy:
    """How many refusals by a rule, within a window, move a subject to a state. 0: never to that one."""

    window_ms: int
    suspect_after: int = 0
    challenged_after: int = 0
    confirmed_after: int = 0


class OnError(StrEnum):
    """What becomes of a rule for a call of which its condition cannot be evaluated."""

    OFF = "OFF"
    """It is not about the call."""
    APPLY = "APPLY"
    """It is: rather too many than one too few."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    rule_id: str
    """`[a-z][a-z0-9_]{0,35}`. A limit keeps its counts under it, whatever else of the rule changes."""
    title: str
    owner: str
    """Who is told of what it does."""
    effect: Effect
    scenes: tuple[str, ...] = ()
    """`identity.purchase`, or all below one: `identity.*`. Empty: every scene."""
    condition: str = ""
    """In CEL, over the names of `facts.Circumstances`. Empty: always."""
    rollout: Rollout = Rollout()
    strikes: StrikePolicy | None = None
    on_error: OnError = OnError.OFF
    version: int = 0
    """Which content this is; given by `rules_diff.numbered`."""

    def is_for(self, scene: str) -> bool:
        """Whether it is about calls of a scene."""
        return not self.scenes or any(matches(pattern, scene) for pattern in self.scenes)

    def is_enforced(self, scene: str, key: str) -> bool:
        """Whether it is in force for a subject in a scene; else it is in shadow.

        Of a hundred keys about `percentage` are; with a greater percentage those and more.
        """
        rollout = self.rollout
        if rollout.shadow or any(matches(pattern, scene) for pattern in rollout.shadow_scenes):
            return False
        return rollout.percentage >= 100 or _lot(self.rule_id, key) < rollout.percentage


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules that are in force together. Their order decides nothing."""

    revision: int
    """0: those that are shipped."""
    rules: tuple[Rule, ...] = ()


def matches(pattern: str, scene: str) -> bool:
    """Whether a scene is the one, or below the one, that a pattern names."""
    if pattern.endswith(ANY_BELOW):
        return scene.startswith(pattern[: -len(ANY_BELOW) + 1])
    return scene == pattern


def _lot(rule_id: str, key: str) -> int:
    """0 to 99. By rule, so that not the same subjects are the first to meet every new rule."""
    digest = blake2b(key.encode(), digest_size=8, key=rule_id.encode()[:64]).digest()
    return int.from_bytes(digest) % 100
