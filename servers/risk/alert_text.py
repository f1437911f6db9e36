"""A message in words: the subject and body of a mail, the line of an SMS. Bounded, whatever happened."""

from domain.risk.alerts import Message, MessageKind
from domain.shared.instants import Instant, to_datetime

MAX_SUBJECT = 150
MAX_BODY = 4_000
MAX_SMS = 160

_BEGINNINGS = {
    MessageKind.FIRING: "FIRING",
    MessageKind.REPEATED: "STILL FIRING",
    MessageKind.RESOLVED: "RESOLVED",
}


def subject_of(message: Message) -> str:
    """One line of at most MAX_SUBJECT characters."""
    key = message.key
    about = f"rule {key.rule_id}" if key.rule_id else "the risk service"
    where = f" in {key.scene}" if key.scene else ""
    return one_line(f"[{_BEGINNINGS[message.kind]}] {about}{where}: {_numbers(message)}", MAX_SUBJECT)


def body_of(message: Message) -> str:
    """Plain text of at most MAX_BODY characters."""
    key = message.key
    lines = [
        subject_of(message),
        "",
        f"Rule:   {one_line(key.rule_id or 'none')}",
        f"Scene:  {one_line(key.scene or 'all')}",
        f"Owner:  {one_line(key.owner)}",
        f"Since:  {_moment(message.since)}",
        f"Now:    {_moment(message.at)}",
    ]
    if message.examples:
        lines += ["", "New, the first of them:", *(f"  {one_line(each)}" for each in message.examples)]
    if key.rule_id:
        lines += [
            "",
            "Look:   nectary risk suspects",
            f"Why:    nectary risk top (rule {one_line(key.rule_id)})",
        ]
    return "\n".join(lines)[:MAX_BODY] + "\n"


def sms_of(message: Message) -> str:
    """One line of at most MAX_SMS characters."""
    return one_line(f"Nectary {subject_of(message)}", MAX_SMS)


def one_line(text: str, most: int = MAX_SUBJECT) -> str:
    """Cut, and a space for whatever is no printable character: no line ends, nothing for terminals."""
    return "".join(char if char.isprintable() else " " for char in text)[:most]


def _numbers(message: Message) -> str:
    if message.kind is MessageKind.RESOLVED:
        return f"{message.opened} in all, {message.closed} ended by hand"
    return f"{message.happened} new, {message.opened} in all"


def _moment(instant: Instant) -> str:
    return f"{to_datetime(instant):%Y-%m-%d %H:%M:%S} UTC"
