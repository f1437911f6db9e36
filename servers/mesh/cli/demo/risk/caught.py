"""From a burst to the list: the first four scenes. Each tells, acts, and notes what it saw."""

import asyncio

from nectary.risk.v1 import risk_pb2 as pb
from servers.mesh.cli.demo.risk.mailbox import subject_of
from servers.mesh.cli.demo.risk.stage import RiskStory, eventually, member
from servers.mesh.cli.demo.risk.tries import let_through, one_try, refusals, tries, tries_table
from servers.mesh.cli.demo.story import ZONE
from servers.mesh.cli.drawing.risk import decision_lines, plan_lines, suspects_table
from servers.mesh.cli.output import plain
from servers.mesh.cli.risk_words import state_text
from servers.mesh.cli.words import word_of

BURST = 40
TYPING_ERRORS = 9
EARLY_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 2.3
"""The window, a bucket, and the tenth that is added to a hint."""


async def a_rule_is_added(story: RiskStory) -> None:
    """It is planned, then applied, and in force at once."""
    story.tell(
        "1. A rule",
        "One rule is added to those that are shipped: a member may try ten card codes in any two seconds, "
        "and whoever is refused ten times in a minute is a suspect. The plan says what would change; what "
        "is applied counts everywhere within a second.",
    )
    await story.set_clock("2026-11-22 10:00")
    rules = (await story.mesh.risk.get_rules()).rule_set
    rules.rules.extend(story.rules.rules)
    plan = await story.mesh.risk.apply_rules(rules, validate_only=True)
    story.output.show(*plan_lines(plan, f"would become revision {plan.revision}"), "")
    story.see("rules: what the plan changes", [_change(one) for one in plan.changes])
    applied = await story.mesh.risk.apply_rules(rules, plan_etag=plan.etag, reason="guessed codes")
    judged = await story.judged("tao", lambda decision: decision.revision == applied.revision)
    story.see("rules: revision by which calls are judged", judged.revision)


async def a_burst_is_throttled(story: RiskStory) -> None:
    """A member's burst is throttled; another one beside it notices nothing."""
    story.tell(
        "2. A burst",
        f"Tao's script tries {BURST} codes at once. Beside it Nina mistypes hers {TYPING_ERRORS} times. "
        "Who is refused is told when to come back: a second earlier is too early, that moment is not.",
    )
    tao, nina = await asyncio.gather(
        tries(story.members["tao"], "tao", BURST), tries(story.members["nina"], "nina", TYPING_ERRORS)
    )
    refused = refusals(tao)
    story.refused_ids = {one.decision_id for one in refused}
    story.output.show(tries_table([("Tao", tao), ("Nina", nina)]), "")
    story.see(f"tao: let through of {BURST} tries", let_through(tao))
    story.see("tao: refused because of", sorted({one.reason for one in refused}))
    story.see("nina: refused of her tries", len(refusals(nina)))
    hints = [one.hint_seconds for one in refused]
    is_short = all(0 < hint <= LONGEST_WAIT_SECONDS for hint in hints)
    story.see("tao: told to come back within 2.3 s", "yes" if is_short else "no")
    if hints and is_short:
        await _come_back(story, refused[-1].answered, refused[-1].hint_seconds)


async def _come_back(story: RiskStory, refused_at: float, hint_seconds: float) -> None:
    tao = story.members["tao"]
    await story.until(refused_at + hint_seconds - EARLY_SECONDS)
    early = await one_try(tao, "tao")
    await story.until(refused_at + hint_seconds)
    then = await one_try(tao, "tao")
    story.say(f"told to come back after {hint_seconds:.3f} s")
    story.say(f"a second earlier:   {early.reason}")
    story.say(f"at that moment:     {then.reason}, so the call was let through")
    story.say("")
    story.see("tao: a second too early", early.reason)
    story.see("tao: at the moment that was told", then.reason)


async def a_refusal_is_explained(story: RiskStory) -> None:
    """A refusal says what every rule made of it."""
    story.tell(
        "3. Why?",
        "Each refusal names its decision. The record has the facts, the counts and the rules of that "
        "moment, enough to decide again.",
    )
    decision_id = min(story.refused_ids, default="none")
    told = await eventually(lambda: story.recorded(decision_id), lambda found: found.HasField("decision"))
    story.output.show(f"$ nectary risk why {decision_id}", *decision_lines(told, ZONE), "")
    decided = (one for one in told.rules if one.decided)
    story.see("why: what decided", [f"{one.rule_id}: {one.used} of {one.units} units" for one in decided])
    story.see("why: decided again from the record", "the same" if told.replays else "differs")


async def a_suspect_is_told_of(story: RiskStory) -> None:
    """The member is listed, and the owner of the rule gets a mail."""
    story.tell(
        "4. A suspect, and a mail",
        "Ten of the refusals were enough: Tao is a suspect, for which alone nothing is refused. The owner "
        "of the rule is told after half a minute, so that one mail says all that happened meanwhile. "
        "Nobody waits for it here: the clock is moved.",
    )
    found = await story.listed("tao", pb.SUSPECT_STATE_SUSPECT)
    nina = await story.mesh.risk.get_subject(member("nina"))
    cited = {decision_id for one in found.transitions for decision_id in one.decision_ids}
    story.output.show(suspects_table([found.suspect], ZONE))
    story.see("tao: is", state_text(found.suspect.state))
    story.see("tao: because of", found.suspect.reason)
    story.see("tao: refusals that the listing cites", len(cited))
    story.see("tao: those of which he was not told", len(cited - story.refused_ids))
    story.see("nina: is", state_text(nina.suspect.state))
    await story.set_clock("2026-11-22 10:00:30")
    for mail in (await story.mails(1))[:1]:
        headers = f"From: {mail['From']}", f"To: {mail['To']}", f"Subject: {subject_of(mail)}"
        body = mail.get_content().splitlines()
        story.output.show("", *(f"  | {plain(line)}" for line in (*headers, "", *body)), "")
        story.see("mail: to", str(mail["To"]))
        story.see("mail: subject", subject_of(mail))
        story.see("mail: about", [line.strip() for line in body if "tao" in line])


SCENES = (a_rule_is_added, a_burst_is_throttled, a_refusal_is_explained, a_suspect_is_told_of)


def _change(one: pb.RuleChange) -> str:
    return f"{one.rule_id} {word_of(pb.RuleChangeKind.DESCRIPTOR, one.kind)}"
