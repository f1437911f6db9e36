"""From the list back: the last three scenes."""

import asyncio

from clients import Forbidden
from clients.times import datetime_of
from nectary.risk.v1 import risk_pb2 as pb
from nectary.risk.v1 import risk_service_pb2 as service
from servers.mesh.cli.demo.risk.caught import BURST
from servers.mesh.cli.demo.risk.chain import intact_links
from servers.mesh.cli.demo.risk.mailbox import subject_of
from servers.mesh.cli.demo.risk.stage import RiskStory, member
from servers.mesh.cli.demo.risk.tries import refusals, tries, tries_table
from servers.mesh.cli.demo.story import ZONE, shown
from servers.mesh.cli.drawing.risk import history_lines, suspects_table
from servers.mesh.cli.output import plain
from servers.mesh.cli.risk_words import state_text
from servers.mesh.cli.words import word_of


async def a_person_confirms(story: RiskStory) -> None:
    """The member is refused whatever it asks for."""
    story.tell(
        "5. Confirmed",
        "An operator has looked at Tao's tries and confirms the suspicion: his calls are denied, for four "
        "hours at first. Nina still notices nothing.",
    )
    await story.set_clock("2026-11-22 10:01")
    confirmed = await story.mesh.risk.confirm_suspect(member("tao"), reason="he guesses codes")
    story.output.show(suspects_table([confirmed], ZONE))
    story.see("tao: denied until", shown(datetime_of(confirmed.expire_time)))
    story.see("tao: strikes, in thousandths", confirmed.strikes_milli)
    await story.judged("tao", lambda decision: decision.outcome == pb.OUTCOME_DENY)
    # One more of hers fits beside those of the burst, however short a while ago that was.
    tao, nina = await asyncio.gather(
        tries(story.members["tao"], "tao", 5), tries(story.members["nina"], "nina", 1)
    )
    story.output.show("", tries_table([("Tao", tao), ("Nina", nina)]), "")
    story.see("tao: each of five tries", [one.reason for one in tao])
    story.see("nina: refused meanwhile", len(refusals(nina)))


async def an_appeal_is_granted(story: RiskStory) -> None:
    """The member appeals, a person grants it, and the trouble is over for the owner of the rule too."""
    story.tell(
        "6. Appealed, and released",
        "One thing Tao may still do: appeal. Nobody else can do it for him. It was his nephew, so the "
        "operator releases him, with a reason: the strike is taken back, for a day that version of the "
        "rule cannot list him again, and its owner is told that it is over.",
    )
    await story.set_clock("2026-11-22 10:02")
    story.see("nina: appeals for tao", await _appeal_of_another(story))
    appeal = await story.members["tao"].risk.appeal("tao", "My nephew had my telephone.")
    waiting = (await story.mesh.risk.list_suspects(appealing=True)).suspects
    story.say(f"Tao appeals: {plain(appeal.text)}")
    story.see("tao: a person answers by", shown(datetime_of(appeal.answer_by_time)))
    story.see("appeals that wait", [one.subject.value for one in waiting])
    await story.set_clock("2026-11-22 10:04")
    released = await story.mesh.risk.release_suspect(member("tao"), reason="it was his nephew")
    story.output.show(suspects_table([released], ZONE))
    story.see("tao: his appeal is", word_of(pb.AppealState.DESCRIPTOR, released.appeal.state))
    story.see("tao: strikes after it", released.strikes_milli)
    story.see("tao: cannot be listed", [_immunity(one) for one in released.immunities])
    await story.set_clock("2026-11-22 10:06")
    later = [subject_of(mail) for mail in (await story.mails(2))[1:]]
    story.output.show("", *(f"  | Subject: {subject}" for subject in later), "")
    story.see("mails: after the first", later)


async def _appeal_of_another(story: RiskStory) -> str:
    try:
        await story.members["nina"].risk.appeal("tao", "He would never.")
    except Forbidden as refusal:
        return refusal.reason
    return "taken"


async def the_same_again(story: RiskStory) -> None:
    """Lists only whom nothing speaks for; and what happened can be checked by anybody."""
    story.tell(
        "7. The same again",
        "The nephew does it once more, and then Rui does the same. Both are throttled. That Rui is a "
        "suspect shows that Tao's refusals, which came before, were looked at, and he is none. What "
        "happened to him is a chain of hashes, which anybody can compute from the answer; one word "
        "changed breaks it.",
    )
    await story.judged("tao", lambda decision: decision.outcome == pb.OUTCOME_ALLOW)
    tao = await tries(story.members["tao"], "tao", BURST)
    rui = await tries(story.members["rui"], "rui", BURST)
    rui_found = await story.listed("rui", pb.SUSPECT_STATE_SUSPECT)
    found = await story.mesh.risk.get_subject(member("tao"))
    story.output.show(tries_table([("Tao", tao), ("Rui", rui)]))
    story.output.show("", suspects_table([found.suspect, rui_found.suspect], ZONE), "")
    # What he tried last may be in the window still: then fewer than ten are let through.
    story.see("tao: refused 30 times or more", "yes" if len(refusals(tao)) >= BURST - 10 else "no")
    story.see("rui: is", state_text(rui_found.suspect.state))
    story.see("tao: is, all the same", state_text(found.suspect.state))
    story.output.show(*history_lines(found, ZONE), "")
    story.see("tao: what happened", [_step(one) for one in reversed(found.transitions)])
    story.see("chain: the mesh calls it", "whole" if found.chain_intact else "broken")
    story.see("chain: hashes that are right", intact_links(found))
    story.see("chain: the same with one word changed in the second", intact_links(_polished(found)))


SCENES = (a_person_confirms, an_appeal_is_granted, the_same_again)


def _polished(found: service.GetSubjectResponse) -> service.GetSubjectResponse:
    """As somebody would have it who is ashamed of what was said."""
    forged = service.GetSubjectResponse.FromString(found.SerializeToString())
    for one in forged.transitions:
        one.reason = one.reason.replace("he guesses", "he has")
    return forged


def _step(one: pb.Transition) -> str:
    return f"{state_text(one.from_state)} -> {state_text(one.to_state)} by {one.actor}"


def _immunity(one: pb.Immunity) -> str:
    return f"by {one.rule_id} until {shown(datetime_of(one.expire_time))}"
