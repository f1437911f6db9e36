"""`nectary honey` against a running server, as scripts and people use it."""

import json
from pathlib import Path

import pytest

from tests.scenario.cli.running import EXAMPLES, Nectary

RULES = str(EXAMPLES / "honey.example.yaml")
MONDAY, NEXT_MONDAY = "2026-12-28 00:00", "2027-01-04 00:00"
"""Of the week that the clock stands in, and of the next."""


@pytest.fixture
def honey(mesh: Nectary) -> Nectary:
    """With the programme of the example."""
    assert mesh("honey", "rules", "apply", RULES, "--reason", "a test").status == 0
    return mesh


def test_rules_are_planned_applied_and_shown(mesh: Nectary, tmp_path: Path) -> None:
    mesh("honey", "rules", "apply", RULES)
    assert mesh("honey", "rules", "plan", RULES).out == "nothing changes\n"
    changed = tmp_path / "rules.yaml"
    changed.write_text(Path(RULES).read_text().replace("HONOUR", "STRICT"))
    planned = mesh("honey", "rules", "plan", str(changed))
    assert planned.status == 2
    assert "programme honey: held_expiry HONOUR -> STRICT" in planned.out
    shown = mesh("honey", "rules", "show").out
    assert "honey  Asia/Shanghai  holds honour, 2592000 s at most  debt" in shown
    assert "  scene order.paid  first match: tea_house 1, base 1\n" in shown
    assert "  tiers green 0, silver 1000, amber 5000\n" in shown
    assert "  task three_rides 1  ride.ended  Ride three times in a week\n" in shown


def test_rules_that_are_shown_as_json_are_a_file_to_apply(honey: Nectary, tmp_path: Path) -> None:
    shown = tmp_path / "rules.json"
    shown.write_text(json.dumps(honey.json("honey", "rules", "show").document["rules"]))
    assert honey("honey", "rules", "plan", str(shown)).out == "nothing changes\n"


def test_a_changed_rule_needs_a_higher_version_and_is_told_in_words(honey: Nectary, tmp_path: Path) -> None:
    text = Path(RULES).read_text().replace("cooldown: {count: 1,", "cooldown: {count: 2,")
    changed = tmp_path / "rules.yaml"
    changed.write_text(text)
    refused = honey("honey", "rules", "plan", str(changed), "--json")
    assert refused.error["reason"] == "RULES_INCONSISTENT"
    assert [each["field"] for each in refused.error["violations"]] == [
        "rules.programmes[0].scenes[1].rules[0].version"
    ]
    version = "rule_id: ride\n            version: "
    changed.write_text(text.replace(f"{version}1", f"{version}2"))
    planned = honey("honey", "rules", "plan", str(changed)).out.splitlines()
    assert planned[:-1] == ["programme honey: scene ride.ended: rule ride 1 -> 2: cooldown 1 HOUR -> 2 HOUR"]


def test_points_are_given_listed_told_and_verified(honey: Nectary, member: str) -> None:
    assert honey("honey", "balance", member).out == "nothing\n"
    given = honey.json("honey", "adjust", member, "500", "--reason", "an apology", "--cause", "ticket-1")
    assert honey("honey", "adjust", member, "--reason", "a mistake", "--", "-120").status == 0
    assert "380  can be spent" in honey("honey", "balance", member).out
    assert honey("honey", "lots", member).out.split()[:5] == [
        given.document["transaction_id"],
        "380",
        "of",
        "500",
        "for",
    ]
    statement = honey("honey", "statement", member).out.splitlines()
    assert statement[0].split() == ["active", "reversed"]
    assert [line.split() for line in statement[1:]] == [
        ["opening", "0", "0"],
        ["adjusted", "+380", "+120"],
        ["closing", "380", "120"],
    ]
    verified = honey.json("honey", "verify", member)
    assert (verified.status, verified.document["transactions"]) == (0, 2)
    link = verified.document["link"]
    honey("honey", "adjust", member, "1", "--reason", "one more")
    assert honey("honey", "verify", member, "--link", link).status == 0
    assert honey("honey", "verify", member, "--link", "ab" * 32).status == 1
    assert honey("honey", "verify", member, "--link", "no hex").status == 2


def test_a_merchant_has_credit(honey: Nectary, member: str) -> None:
    assert honey("honey", "adjust", member, "50", "--merchant", "--reason", "invoice 1").status == 0
    assert "50  credit" in honey("honey", "balance", member, "--merchant").out
    refused = honey("honey", "adjust", member, "--merchant", "--reason", "no", "--json", "--", "-51")
    assert (refused.status, refused.error["reason"]) == (3, "INSUFFICIENT_CREDIT")


def test_a_balance_of_the_past_is_shown(honey: Nectary, member: str) -> None:
    honey("honey", "adjust", member, "5", "--reason", "early")
    assert honey("honey", "balance", member, "--at", "2020-01-01").out == "nothing\n"
    assert honey("honey", "balance", member, "--at", "2999-01-01").status == 1


def test_what_a_programme_owes_is_drawn(honey: Nectary, member: str) -> None:
    honey("honey", "adjust", member, "50", "--reason", "a present", "--until", "2027-02-15")
    drawn = honey("honey", "liability", "--months", "2").out
    assert drawn.splitlines()[0].split() == ["programme"]
    assert any(line.startswith("expires 2027-02") for line in drawn.splitlines())
    own = honey.json("honey", "liability").document["liabilities"][0]
    assert len(own["expiring"]) == 12


def test_tasks_are_drawn_with_what_they_bring(honey: Nectary, member: str) -> None:
    """The third ride of the week brings the reward, which is a lot of the wallet."""
    before = honey("honey", "tasks", member).out.splitlines()
    task = "Ride three times in a week: 30 points  (three_rides)"
    assert before == [f"[{' ' * 20}]  0 of 3  {task}  until {NEXT_MONDAY}"]
    for number in range(3):
        done = honey.json("honey", "record", "ride.ended", member, "--event", f"{member}:{number}")
        assert done.document.get("completed_task_ids", []) == (["three_rides"] if number == 2 else [])
    assert honey("honey", "tasks", member).out.startswith(f"[{'#' * 20}]  3 of 3  ")
    assert "task:three_rides:1" in honey("honey", "lots", member).out
    drawn = honey("honey", "task", "three_rides", member).out.splitlines()
    assert drawn[0].startswith("version 1, from 2026-12-01")
    assert drawn[1:] == [f"[{'#' * 20}]  3 of 3  from {MONDAY}"]
    assert len(honey.json("honey", "task", "three_rides", member).document["progress"]) == 1
    missing = honey("honey", "task", "none", member, "--json")
    assert missing.error["reason"] == "TASK_NOT_FOUND"


def test_an_order_is_tried_recorded_and_refunded(honey: Nectary, member: str) -> None:
    order = ("order.paid", member, "--event", f"o-{member}", "--item", "tea=6000", "--item", "cup=4000")
    tried = honey("honey", "record", *order, "--channel", "app", "--dry-run").out
    assert "base 1: earned" in tried
    assert tried.endswith("nothing is recorded\n")
    assert honey("honey", "balance", member).out == "nothing\n"
    recorded = honey.json("honey", "record", *order, "--channel", "app").document
    [lot] = recorded["lots"]
    refunded = honey("honey", "refund", f"o-{member}", "cup=4000", "--reason", "broken").out
    assert refunded.splitlines()[0].endswith("taken back, 0 given back")
    assert "cup: refunded 4,000, still earned 0 and spent 0" in refunded
    assert int(lot["earned_points"]) in (100, 200)  # Twice as many on one day of the year.
    unknown = honey("honey", "refund", "never-heard-of", "tea=1").out
    assert unknown == "nothing is known of this order yet: it counts once the order comes\n"
    assert honey("honey", "refund", "o1", "tea").status == 2


def test_a_tier_is_shown_and_previewed(honey: Nectary, member: str) -> None:
    shown = honey("honey", "tier", member).out
    assert shown == "green until for ever: 0 points count, 1,000 more for silver\n"
    previewed = honey("honey", "tier", member, "--preview", "1000").out.splitlines()
    assert [line.split()[0] for line in previewed] == ["green", "silver"]
