"""The blast-radius breaker: a rule that newly refuses too many of a scene is put into shadow by itself.

It cannot tell a bad rule from a great attack. It gives the answer that a person can still correct: the
owner is told within seconds, and may put the rule in force again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from domain.risk.rules import Rule, RuleSet
from domain.shared.instants import MINUTE, Instant

WINDOW = 5 * MINUTE
FLOOR = 20
"""So many subjects any rule may newly refuse."""
SHARE_PER_MILLE = 5
"""Of the active subjects."""
MOST_SUBJECTS = 200_000
"""Remembered of each scene: of more, the first are taken for all, which trips sooner."""


@dataclass(frozen=True, slots=True, order=True)
class Blasting:
    """What is watched: one version of a rule in one scene."""

    rule_id: str
    rule_version: int
    scene: str


@dataclass(frozen=True, slots=True)
class Trip:
    """A rule version that refuses too many of a scene."""

    what: Blasting
    newly_refused: int
    active: int


def trips(newly_refused: int, active: int) -> bool:
    """Whether so many newly refused subjects are too many of the active ones: above 0.5 % and above 20."""
    return newly_refused > FLOOR and newly_refused * 1000 > active * SHARE_PER_MILLE


class BlastRadius:
    """Who was active and who was newly refused, in the last WINDOW.

    A subject is newly refused by a rule version if within the window it refused it for the first time:
    who is refused on and on counts once. Subjects are any names that tell them apart.
    """

    def __init__(self) -> None:
        self._active: dict[str, dict[str, Instant]] = {}
        self._refused: dict[Blasting, dict[str, tuple[Instant, Instant]]] = {}

    def called(self, scene: str, subject: str, at: Instant) -> None:
        """A subject called, whatever was decided."""
        known = self._active.setdefault(scene, {})
        if subject in known or len(known) < MOST_SUBJECTS:
            known[subject] = max(at, known.get(subject, at))

    def refused(self, what: Blasting, subject: str, at: Instant) -> None:
        """A rule in force refused it."""
        known = self._refused.setdefault(what, {})
        first, last = known.get(subject, (at, at))
        if at - last >= WINDOW:
            first = at
        if subject in known or len(known) < MOST_SUBJECTS:
            known[subject] = first, max(at, last)

    def tripped(self, now: Instant) -> Iterator[Trip]:
        """The rule versions that refuse too many now; forgets what has left the window."""
        since = now - WINDOW
        for subjects in self._active.values():
            for name in [name for name, at in subjects.items() if at <= since]:
                del subjects[name]
        for what, spans in sorted(self._refused.items()):
            for name in [name for name, (_, last) in spans.items() if last <= since]:
                del spans[name]
            new = sum(first > since for first, _ in spans.values())
            active = len(self._active.get(what.scene, ()))
            if trips(new, active):
                yield Trip(what, new, active)
        self._refused = {what: spans for what, spans in self._refused.items() if spans}

    def forget(self, what: Blasting) -> None:
        """It is in shadow."""
        self._refused.pop(what, None)


def shadowed(rules: RuleSet, what: Blasting) -> RuleSet:
    """With the rule in shadow in that scene, if it is still that version; to be numbered by `rules_diff`."""
    return replace(rules, rules=tuple(_shadowed(rule, what) for rule in rules.rules))


def _shadowed(rule: Rule, what: Blasting) -> Rule:
    scenes = rule.rollout.shadow_scenes
    if (rule.rule_id, rule.version) != (what.rule_id, what.rule_version) or what.scene in scenes:
        return rule
    return replace(rule, rollout=replace(rule.rollout, shadow_scenes=(*scenes, what.scene)))
