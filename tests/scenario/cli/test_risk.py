"""`nectary risk` against a running server, as scripts and people use it."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nectary.risk.v1 import policy_pb2
from servers.mesh.cli.messages import read_rules
from tests.architecture.contract import methods
from tests.scenario.cli.running import EXAMPLES, Ended, Nectary

RULES = EXAMPLES / "risk.example.yaml"
RECORDED_SECONDS = 10


@pytest.fixture
def ruled(mesh: Nectary) -> Nectary:
    """The server, with the rules of the example."""
    assert mesh("risk", "rules", "apply", str(RULES), "--yes").status == 0
    return mesh


def until(run: Callable[[], Ended], is_there: Callable[[Any], bool]) -> Any:
    """The first document in which it has come to pass."""
    end = time.monotonic() + RECORDED_SECONDS
    while not is_there(document := run().document):
        assert time.monotonic() < end, document
        time.sleep(0.1)
    return document


def changed(folder: Path, old: str, new: str) -> Path:
    text = RULES.read_text()
    assert old in text
    path = folder / "changed.yaml"
    path.write_text(text.replace(old, new, 1))
    return path


def test_the_example_has_a_rule_for_every_scene_of_identity() -> None:
    scenes = {
        method.GetOptions().Extensions[policy_pb2.policy].scene
        for method in methods()
        if method.containing_service.full_name.startswith("nectary.identity.")
    }
    named = {scene for rule in read_rules(RULES).rules for scene in rule.scenes}
    assert scenes <= named


def test_a_plan_says_what_would_change_and_an_apply_does_it(ruled: Nectary, tmp_path: Path) -> None:
    assert ruled("risk", "rules", "plan", str(RULES)).out == "no changes\n"
    less = changed(tmp_path, "units: 600,", "units: 500,")
    planned = ruled("risk", "rules", "plan", str(less))
    assert (planned.status, "effect.units: 600 -> 500" in planned.out) == (2, True)
    applied = ruled("risk", "rules", "apply", str(less), "--reason", "fewer")
    assert "is in force" in applied.out
    assert "fewer" in ruled.json("risk", "rules", "show").out


def test_a_slip_is_asked_about_and_undone(ruled: Nectary, tmp_path: Path) -> None:
    before = ruled.json("risk", "rules", "show").document["revision"]
    slip = changed(tmp_path, "units: 600,", "units: 1,")
    declined = ruled("risk", "rules", "apply", str(slip), answer="n\n")
    assert (declined.status, "warning: member_reads would admit 1 units" in declined.out) == (1, True)
    assert ruled.json("risk", "rules", "apply", str(slip)).status == 2
    etag = ruled.json("risk", "rules", "plan", str(slip)).document["etag"]
    assert ruled.json("risk", "rules", "apply", str(slip), "--etag", etag).status == 0
    undone = ruled.json("risk", "rules", "apply", "--revision", before)
    assert int(undone.document["revision"]) == int(before) + 2


def test_what_is_wrong_is_listed_whole(ruled: Nectary, tmp_path: Path) -> None:
    wrong = changed(tmp_path, 'condition: role != "operator"', "condition: role + 1 > price")
    planned = ruled("risk", "rules", "plan", str(wrong))
    assert planned.status == 1
    assert re.search(r"error: rule_set\.rules\[\d+\]\.condition: ", planned.out)
    unread = changed(tmp_path, "shadow: true", "shadow: maybe")
    assert "true or false is wanted here, not 'maybe'" in ruled("risk", "rules", "plan", str(unread)).err


def test_a_subject_is_listed_shown_and_released(ruled: Nectary, member: str) -> None:
    confirmed = ruled.json("risk", "confirm", member, "--reason", "sells cards").document
    assert confirmed["state"] == "SUSPECT_STATE_CONFIRMED"
    assert member in ruled("risk", "suspects", "--state", "confirmed").out
    assert ruled("risk", "release", f"member:{member}", "--reason", "not him").status == 0
    shown = ruled("risk", "show", member).out
    assert "none -> confirmed" in shown
    assert "confirmed -> released  by local: not him" in shown
    again = ruled.json("risk", "release", member, "--reason", "twice")
    assert (again.status, again.error["reason"]) == (3, "SUBJECT_NOT_LISTED")


def test_a_rule_is_snoozed_and_a_subject_allowed(ruled: Nectary, member: str) -> None:
    until_then = ("--until", "2027-01-20", "--reason", "load test")
    snoozed = ruled.json("risk", "allow", member, "--rule", "member_reads", *until_then).document
    assert [one["rule_id"] for one in snoozed["snoozes"]] == ["member_reads"]
    assert ruled.json("risk", "allow", member, *until_then).document["state"] == "SUSPECT_STATE_ALLOWED"


def test_a_refused_call_is_explained(ruled: Nectary, tmp_path: Path, member: str) -> None:
    pace = changed(tmp_path, "units: 600, window: 60s", "units: 60, window: 60s")
    revision = ruled.json("risk", "rules", "apply", str(pace), "--yes").document["revision"]

    def looked() -> Ended:
        return ruled.json("member", "show", member)

    calls = (looked() for _ in range(200))
    refused = next(ended for ended in calls if ended.status != 0)
    assert refused.error["reason"] == "THROTTLED"
    decision = refused.error["metadata"]["decision_id"]
    listed = until(
        lambda: ruled.json("risk", "decisions", "--subject", member, "--outcome", "throttle"),
        lambda page: page["decisions"],
    )
    assert listed["decisions"][0]["decision"]["revision"] == revision
    told = ruled("risk", "why", decision)
    assert re.search(r"^> +member_reads .* throttle .* of 60", told.out, re.MULTILINE)
    hottest = ruled("risk", "top", "--once", "--scene", "identity.read")
    assert member in hottest.out
    assert ruled("risk", "replay").status == 0
    stricter = changed(tmp_path, "units: 600, window: 60s", "units: 10, window: 60s")
    simulated = ruled.json("risk", "simulate", str(stricter))
    assert (simulated.status, int(simulated.document["newly_refused_subjects"]) >= 1) == (2, True)
