"""Every command against a running server, as scripts use it."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from tests.scenario.cli.running import CATALOG, Nectary, following

WIDTH = 80


def granted(mesh: Nectary, member: str, sku: str = "gold_quarterly") -> str:
    """The id of a new term."""
    return str(mesh.json("member", "grant", member, sku, "--reason", "test").document["term"]["term_id"])


def states(mesh: Nectary, member: str) -> list[str]:
    return [term["state"] for term in mesh.json("member", "show", member).document["terms"]]


def test_a_plan_says_whether_there_are_changes(mesh: Nectary, tmp_path: Path) -> None:
    unchanged = mesh("catalog", "plan", str(CATALOG))
    assert (unchanged.status, unchanged.out) == (0, "no changes\n")
    dearer = tmp_path / "dearer.yaml"
    dearer.write_text(CATALOG.read_text().replace("amount_minor: 29900", "amount_minor: 31900"))
    planned = mesh("catalog", "plan", str(dearer))
    assert planned.status == 2
    assert "~ skus/gold_annual" in planned.out
    assert "29900 -> " in planned.out
    assert mesh.json("catalog", "plan", str(dearer)).document["changes"][0]["item"] == "skus/gold_annual"
    # Planning applied nothing.
    assert mesh("catalog", "plan", str(CATALOG)).status == 0


def test_an_inconsistent_catalogue_fails_with_every_contradiction(mesh: Nectary, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(
        CATALOG.read_text().replace("bought_sku_id: gold_annual,", "bought_sku_id: gold_anual,")
    )
    for command in ("plan", "apply"):
        ended = mesh.json("catalog", command, str(broken))
        assert (ended.status, ended.out) == (1, "")
        assert ended.error["reason"] == "CATALOG_INCONSISTENT"
        assert {one["reason"] for one in ended.error["violations"]} == {"SKU_UNKNOWN"}


def test_violations_are_listed_however_many_there_are(mesh: Nectary, tmp_path: Path) -> None:
    broken, rows = tmp_path / "broken.yaml", CATALOG.read_text()
    row = "  - {held_sku_id: none_%d, bought_sku_id: none, policy: RELATION_POLICY_STACK}\n"
    broken.write_text(rows.replace("relations:\n", "relations:\n" + "".join(row % n for n in range(200))))
    for command in ("plan", "apply"):
        ended = mesh("catalog", command, str(broken))
        assert ended.status == 1
        assert sum("there is no SKU none_" in line for line in ended.err.splitlines()) == 200


def test_the_catalogue_is_shown_as_it_was_applied(mesh: Nectary) -> None:
    document = mesh.json("catalog", "show").document
    assert {sku["sku_id"] for sku in document["catalog"]["skus"]} >= {"gold_annual", "fengxiang_annual"}
    shown = mesh("catalog", "show").out
    assert "gold_annual" in shown
    assert max(map(len, shown.splitlines())) <= WIDTH


def test_a_preview_says_what_it_would_cost_and_changes_nothing(mesh: Nectary, member: str) -> None:
    assert "price 299.00 CNY, to pay 299.00 CNY" in mesh("member", "preview", member, "gold_annual").out
    assert mesh.json("member", "preview", member, "gold_annual").document["etag"]
    assert states(mesh, member) == []


def test_a_timeline_fits_the_terminal(mesh: Nectary, member: str) -> None:
    granted(mesh, member)
    granted(mesh, member, "fengxiang_annual")
    shown = mesh("member", "show", member)
    assert shown.status == 0
    assert "\x1b" not in shown.out
    assert max(len(line.rstrip()) for line in shown.out.splitlines()) <= WIDTH
    for word in ("gold", "fengxiang", "2027-01-01", "active", "2027-04-01"):
        assert word in shown.out


def test_the_past_is_shown_as_it_was_known(mesh: Nectary, member: str) -> None:
    granted(mesh, member)
    before = mesh.json("member", "show", member, "--known-at", "2026-12-31").document
    assert before["terms"] == []


def test_a_refund_is_previewed_and_asked_for(mesh: Nectary, member: str) -> None:
    term = granted(mesh, member)
    declined = mesh("member", "refund", member, term[:6], answer="n\n")
    assert (declined.status, states(mesh, member)) == (1, ["TERM_STATE_ACTIVE"])
    assert f"ends {term}" in declined.out
    accepted = mesh("member", "refund", member, term[:6], answer="y\n")
    assert (accepted.status, states(mesh, member)) == (0, ["TERM_STATE_REFUNDED"])


def test_a_refund_in_a_script_must_say_yes(mesh: Nectary, member: str) -> None:
    term = granted(mesh, member)
    assert mesh.json("member", "refund", member, term).status == 2
    assert mesh("member", "refund", member, term).status == 1
    refunded = mesh.json("member", "refund", member, term, "--yes", "--refund-id", f"r-{member}")
    assert refunded.document["effect"]["terminations"][0]["term_id"] == term
    assert mesh("member", "reinstate", member, f"r-{member}").status == 0
    assert states(mesh, member) == ["TERM_STATE_ACTIVE"]


def test_a_card_is_paused_resumed_and_extended(mesh: Nectary, member: str) -> None:
    term = granted(mesh, member)
    assert mesh("member", "pause", member, term).status == 0
    assert states(mesh, member) == ["TERM_STATE_PAUSED"]
    assert "paused: gold_quarterly" in mesh("member", "show", member).out
    assert mesh("member", "resume", member, term).status == 0
    assert (
        mesh.json("member", "extend", member, term, "30d").document["term"]["placement"] == "PLACEMENT_EXTEND"
    )


def test_a_refusal_ends_with_three_and_names_the_rule(mesh: Nectary, member: str) -> None:
    granted(mesh, member, "gold_annual")
    purchase = (member, "student_year", "--source", "campus", "--channel", "mini-program")
    refused = mesh.json("member", "preview", *purchase)
    assert (refused.status, refused.error["reason"]) == (3, "IDENTITY_CONFLICT")
    assert refused.error["metadata"]["rule_id"] == "student_or_annual"
    explained = mesh("member", "explain", *purchase)
    assert explained.status == 3
    assert "student_or_annual" in explained.out
    assert "2028-01-02 00:00" in explained.out


def test_what_is_not_there_ends_with_one(mesh: Nectary, member: str) -> None:
    missing = mesh.json("member", "preview", member, "gold_weekly")
    assert (missing.status, missing.error["reason"]) == (1, "SKU_NOT_FOUND")
    assert mesh("member", "refund", member, "nothing", "--yes").status == 1


def test_bad_input_names_its_fields(mesh: Nectary) -> None:
    ended = mesh.json("member", "show", "two words")
    assert (ended.status, ended.error["reason"]) == (1, "INVALID_REQUEST")
    assert ended.error["violations"][0]["field"] == "member_id"


def test_events_come_one_a_line(mesh: Nectary, member: str) -> None:
    granted(mesh, member)
    events = mesh.json("events", "tail", "--member", member).lines
    assert [event["sequence"] for event in events] == [str(number + 1) for number in range(len(events))]
    assert (events[0]["type"], events[0]["reason"]) == ("EVENT_TYPE_TERM_PLACED", "test")
    (last,) = mesh("events", "tail", "--member", member, "-n", "1").out.splitlines()
    assert "identity started" in last
    assert last.endswith(" by local: test")
    assert mesh.json("events", "tail", "--member", member, "--from-start").lines == events
    assert mesh("events", "tail", "--member", member, "-n", "0").out == ""
    started = mesh.json("events", "tail", "--member", member, "--type", "identity-started").lines
    assert len(started) == 1


@pytest.mark.parametrize("whose", ["one", "all"])
def test_events_are_followed_as_they_come(mesh: Nectary, member: str, whose: str) -> None:
    granted(mesh, member)
    only = ["--member", member] if whose == "one" else []
    with following(mesh.target, "events", "tail", "--json", "-f", "--from-start", *only) as lines:
        seen = (json.loads(line) for line in lines)
        own = (event["type"] for event in seen if event["member_id"] == member)
        assert next(own) == "EVENT_TYPE_TERM_PLACED"
        assert next(own) == "EVENT_TYPE_IDENTITY_STARTED"
        granted(mesh, member)
        assert next(own) == "EVENT_TYPE_TERM_PLACED"


def test_followers_begin_with_the_last_events(mesh: Nectary, member: str) -> None:
    for _ in range(2):
        granted(mesh, member)
    with following(mesh.target, "events", "tail", "--json", "-f", "-n", "2", "--member", member) as lines:
        seen = (json.loads(line)["sequence"] for line in lines)
        assert [next(seen), next(seen)] == ["2", "3"]
        granted(mesh, member)
        assert next(seen) == "4"


def test_the_clock_is_read_and_moved(mesh: Nectary) -> None:
    before = datetime.fromisoformat(mesh.json("clock", "get").document["time"])
    assert mesh("clock", "advance", "1s").status == 0
    after = datetime.fromisoformat(mesh.json("clock", "get").document["time"])
    assert (after - before).total_seconds() == 1


def test_physical_cards_are_made_and_voided(mesh: Nectary) -> None:
    made = mesh("cards", "create", "student_year", "3", "--source", "campus", "--until", "2028-01-01")
    codes = made.out.split()
    assert (made.status, len(codes)) == (0, 3)
    assert "3 cards" in made.err
    voided = mesh.json("cards", "void", codes[0], "--reason", "lost").document
    assert (voided["voided"], voided["unknown"]) == (1, 0)


def test_projections_are_rebuilt_to_the_same_bytes(mesh: Nectary, member: str) -> None:
    granted(mesh, member)
    first, second = (mesh.json("identity", "rebuild").document for _ in range(2))
    assert first == second
    assert (first["differed"], first["members"] > 0) == (0, True)
    assert "differed: 0" in mesh("identity", "rebuild").out


def test_the_doctor_finds_a_test_clock_worth_a_warning(mesh: Nectary, tmp_path: Path) -> None:
    report = mesh.json("doctor").document
    assert report["verdict"] == "warn"
    levels = {finding["what"]: finding["level"] for finding in report["findings"]}
    assert levels["mesh"] == levels["catalogue"] == levels["nectary.identity.v1.IdentityService"] == "ok"
    assert levels["nectary.risk.v1.RiskService"] == "ok"
    assert (levels["clock"], levels["rules"]) == ("warn", "warn"), "a test clock, and the shipped rules"
    assert mesh("doctor", "--health").status == 0


@pytest.mark.parametrize("compare", ["--compare", "--no-compare"])
def test_a_replay_reports_every_refused_row(mesh: Nectary, tmp_path: Path, compare: str) -> None:
    purchases, report = tmp_path / "purchases.csv", tmp_path / "refused.csv"
    purchases.write_text(
        "customer_id,date,quantity,amount_usd\n"
        "ann,1997-01-01,1,29.33\n"
        "ann,1997-01-31,1,40.00\n"
        "ann,1997-01-31,1,140.00\n"
        "ann,never,1,1\n"
    )
    arguments = ("replay", str(purchases), "--config", str(CATALOG), "--report", str(report), compare)
    ended = mesh.json(*arguments)
    assert ended.status == 0, ended.err
    document = ended.document
    assert (document["rows"], document["accepted"]) == (4, 2)
    assert document["refused_by_reason"] == {"IDENTITY_CONFLICT": 1, "ROW_DATE": 1}
    assert (document["comparison"] is not None) == (compare == "--compare")
    lines = report.read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["line", "4", "5"]
