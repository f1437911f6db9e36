"""Which limits a call meets, and what a refused caller is told."""

import pytest

from domain.risk.decision import decided
from domain.risk.limit import Limit
from domain.risk.stamps import NEVER
from servers.mesh.limiting.judgement import Judgement, Source
from servers.mesh.limiting.keys import Keys
from servers.mesh.limiting.rules import NEVER_RETRY_MS, Rule, Rules, told_retry_ms

MEMBER = Rule(Limit(1, "member", 5, 1_000))
BUYING = Rule(Limit(2, "member", 2, 1_000), "identity.purchase")
DEVICE = Rule(Limit(3, "device", 5, 1_000), "identity.*")


def charged(scene: str, *subjects: tuple[str, str]) -> list[tuple[int, str]]:
    charges = Rules(4, [MEMBER, BUYING, DEVICE]).charges(scene, subjects)
    return [(charge.limit.rule_id, charge.subject) for charge in charges]


def test_a_call_meets_the_rules_of_its_scene_for_each_subject_it_names() -> None:
    ann, phone = ("member", "ann"), ("device", "phone")
    assert charged("identity.purchase", ann, phone) == [(1, "ann"), (2, "ann"), (3, "phone")]
    assert charged("identity.read", ann, phone) == [(1, "ann"), (3, "phone")]
    assert charged("honey.read", ann, phone) == [(1, "ann")]


def test_a_subject_that_is_named_twice_is_charged_once() -> None:
    assert charged("honey.read", ("member", "ann"), ("member", "ann"), ("member", "bob")) == [
        (1, "ann"),
        (1, "bob"),
    ]


def test_a_rule_that_finds_no_place_leaves_its_place_to_others() -> None:
    crowd = [("member", f"m{number}") for number in range(9)]
    assert charged("identity.read", *crowd, ("device", "phone")) == [(3, "phone")]


def test_every_limit_names_the_version_of_its_rules() -> None:
    rules = Rules(4, [MEMBER])
    assert [limit.version for limit in rules.limits_of("any")] == [4]


def test_two_rules_may_not_share_their_windows() -> None:
    with pytest.raises(ValueError, match="same id"):
        Rules(1, [MEMBER, Rule(Limit(1, "device", 5, 1_000))])


def test_nobody_is_told_to_come_back_too_early_nor_much_too_late() -> None:
    refused = Judgement(decided([MEMBER.limit], [5], [400], 1, 0), Source.STORE)
    told = {told_retry_ms(refused) for _ in range(200)}
    assert min(told) >= 400
    assert max(told) <= 440
    assert len(told) > 5


def test_a_cost_above_the_limit_is_told_to_stay_away() -> None:
    refused = Judgement(decided([MEMBER.limit], [0], [NEVER], 9, 0), Source.CACHE)
    assert told_retry_ms(refused) == NEVER_RETRY_MS


def test_names_of_windows_keep_a_subjects_windows_together_and_tell_nothing() -> None:
    keys = Keys(b"x" * 16, shards=8)
    shards = {keys.window(rule_id, "member", "ann")[0] for rule_id in range(1, 50)}
    assert len(shards) == 1
    assert keys.window(1, "member", "ann") == Keys(b"x" * 16, shards=8).window(1, "member", "ann")
    assert keys.window(1, "member", "ann") != Keys(b"y" * 16, shards=8).window(1, "member", "ann")
    assert keys.window(1, "member", "ann") != keys.window(1, "device", "ann")
    assert b"ann" not in keys.window(1, "member", "ann")[1]
    with pytest.raises(ValueError, match="16 to 64"):
        Keys(b"short")
