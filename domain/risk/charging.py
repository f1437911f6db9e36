"""By which keys a call is counted, and under which limits."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import product
from typing import NamedTuple

from domain.risk import limit as counted
from domain.risk.facts import Facts
from domain.risk.rules import Limit, Rule
from domain.risk.subjects import Subject, SubjectKind

MOST_CHARGES = 8
"""Keys that one call is charged to at once, in force or in shadow."""

_FIRST_NAMED = (
    SubjectKind.MEMBER,
    SubjectKind.DEVICE,
    SubjectKind.ADDRESS,
    SubjectKind.PAYMENT,
    SubjectKind.CALLER,
    SubjectKind.SCENE,
)


class Key(NamedTuple):
    """One key of a limit: the subjects that are counted together."""

    name: str
    """A lone subject's value; of several each with its length before it, so that no two keys look alike."""
    subjects: tuple[Subject, ...]


class Charge(NamedTuple):
    """One limit that a call meets, and for whom."""

    rule: Rule
    key: Key
    enforced: bool
    """Else in shadow: it is counted apart, so that it refuses nothing."""

    @property
    def limit(self) -> counted.Limit:
        """As the limiter takes it, with `key.name` as its subject."""
        return counted_limit(self.rule)


def keys(kinds: tuple[SubjectKind, ...], facts: Facts) -> list[Key]:
    """Every combination of a call's subjects of these kinds; none if it lacks one of them."""
    named = ([Subject(kind, value) for value in facts.named(kind)] for kind in kinds)
    return [Key(key_name([one.value for one in subjects]), subjects) for subjects in product(*named)]


def key_name(values: Sequence[str]) -> str:
    """How a key of these subjects is called."""
    if len(values) == 1:
        return values[0]
    return "".join(f"{len(value)}:{value}" for value in values)


def first_named(facts: Facts) -> str:
    """By whom a verdict is rolled out: the most personal subject of a call."""
    return next(value for kind in _FIRST_NAMED for value in facts.named(kind))


def charges(rules: Iterable[Rule], facts: Facts) -> list[Charge]:
    """What a call is charged to, of the rules that are about it: at most MOST_CHARGES in force or in shadow.

    A rule that would need more places than are left is passed over: a batch of a thousand members is
    limited by who sends it, not by whom it names. Rules take their places by id, those in force first.
    """
    found = [
        Charge(rule, key, rule.is_enforced(facts.scene, key.name))
        for rule in sorted(rules, key=lambda rule: rule.rule_id)
        if isinstance(rule.effect, Limit)
        for key in keys(rule.effect.key, facts)
    ]
    return [*_fitting(found, enforced=True), *_fitting(found, enforced=False)]


def counted_limit(rule: Rule) -> counted.Limit:
    """The limit of a rule as the limiter takes it.

    Raises ValueError if the rule has none, or one that `rules_check` would refuse.
    """
    if not isinstance(rule.effect, Limit):
        raise ValueError(f"{rule.rule_id} has no limit")
    return _counted(rule.rule_id, rule.effect, rule.version)


def window_number(rule_id: str) -> int:
    """Under which number the limiter keeps a rule's windows: 1 to 36^8 - 1, the same for ever.

    Two ids with one number are as good as never met, and `rules_check` refuses them.
    """
    digest = blake2b(rule_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest) % counted.MOST_RULE_ID + 1


@lru_cache(1024)
def _counted(rule_id: str, effect: Limit, version: int) -> counted.Limit:
    subject = "+".join(kind.lower() for kind in effect.key)
    return counted.Limit(
        window_number(rule_id), subject, effect.units, effect.window_ms, effect.buckets, rule_id, version
    )


def _fitting(found: list[Charge], *, enforced: bool) -> list[Charge]:
    by_rule: dict[str, list[Charge]] = {}
    for charge in found:
        if charge.enforced is enforced:
            by_rule.setdefault(charge.rule.rule_id, []).append(charge)
    taken: list[Charge] = []
    for group in by_rule.values():
        if len(taken) + len(group) <= MOST_CHARGES:
            taken += group
    return taken
