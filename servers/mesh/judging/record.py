"""What the log keeps of one call: who, what, how it was decided and on what grounds.

In the process it is a plain tuple, for one is made in every call. Outside it is one line of JSON, whatever
a caller put into it: bounded, and without a character that could end a line or steer a terminal.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from domain.shared.instants import EARLIEST, LATEST, Instant

ALLOW = "ALLOW"
OUTCOMES = frozenset({ALLOW, "THROTTLE", "CHALLENGE", "DENY"})
MAX_ID = 36
MAX_TEXT = 128
MAX_SCENE = 64
MAX_ROLE = 16
MAX_PARTS = 16
"""Subjects, proved kinds, and rules in shadow, each."""
MAX_EVIDENCE_BYTES = 32_768
MAX_LINE_BYTES = 65_536
_MOST = 2**53 - 1
"""JSON has no greater whole numbers that everybody reads alike."""


class DecisionRecord(NamedTuple):
    """One call before the rules. Texts have at most MAX_TEXT characters, unless said; longer are cut."""

    decision_id: str
    """Unique for ever; at most MAX_ID characters."""
    time: Instant
    method: str
    """Its path."""
    scene: str
    caller: str
    """The principal; empty for nobody."""
    role: str
    cost: int
    subjects: tuple[tuple[str, str], ...]
    """(kind, value). Secrets are no subjects."""
    authenticated: tuple[str, ...]
    """Kinds that the caller proved."""
    outcome: str
    """One of OUTCOMES."""
    reason: str
    rule_id: str
    """The rule that decided; empty if none did."""
    rule_version: int
    revision: int
    """Of the rules in force."""
    would: tuple[tuple[str, int, str], ...]
    """What rules in shadow would have done: (rule, version, outcome)."""
    evidence: object
    """What deciding again needs, made into JSON off the path of the call."""
    latency_us: int
    sampled: bool
    """It stands for others that were let through and left out."""

    @property
    def must_be_kept(self) -> bool:
        """Whether the log may not drop it: it was not simply let through."""
        return self.outcome != ALLOW


def plain_json(evidence: object) -> bytes:
    """Evidence that consists of what JSON has, in canonical order. Raises TypeError for anything else."""
    return orjson.dumps(evidence, option=orjson.OPT_SORT_KEYS)


def to_line(record: DecisionRecord, evidence: bytes) -> bytes:
    """The record as JSON without an end of line; `evidence` is JSON already.

    Evidence above MAX_EVIDENCE_BYTES is left out, which `evidence: null` says.
    """
    fields: dict[str, Any] = {
        "decision_id": _clean(record.decision_id, MAX_ID),
        "time": record.time,
        "method": _clean(record.method),
        "scene": _clean(record.scene, MAX_SCENE),
        "caller": _clean(record.caller),
        "role": _clean(record.role, MAX_ROLE),
        "cost": record.cost,
        "subjects": [[_clean(kind), _clean(value)] for kind, value in record.subjects[:MAX_PARTS]],
        "authenticated": [_clean(kind) for kind in record.authenticated[:MAX_PARTS]],
        "outcome": record.outcome,
        "reason": _clean(record.reason),
        "rule_id": _clean(record.rule_id, MAX_ID),
        "rule_version": record.rule_version,
        "revision": record.revision,
        "would": [[_clean(rule), version, outcome] for rule, version, outcome in record.would[:MAX_PARTS]],
        "evidence": orjson.Fragment(evidence) if len(evidence) <= MAX_EVIDENCE_BYTES else None,
        "latency_us": record.latency_us,
        "sampled": record.sampled,
    }
    return _printable(orjson.dumps(fields))


def from_line(line: bytes) -> DecisionRecord:
    """The record again, its evidence as JSON has it. Raises ValueError if the line is no record."""
    if len(line) > MAX_LINE_BYTES:
        raise ValueError(f"the line has {len(line)} bytes; allowed: {MAX_LINE_BYTES}")
    try:
        fields = orjson.loads(line)
        record = DecisionRecord(
            decision_id=_text(fields, "decision_id", MAX_ID),
            time=_number(fields, "time", EARLIEST, LATEST),
            method=_text(fields, "method"),
            scene=_text(fields, "scene", MAX_SCENE),
            caller=_text(fields, "caller"),
            role=_text(fields, "role", MAX_ROLE),
            cost=_number(fields, "cost"),
            subjects=tuple((_str(kind), _str(value)) for kind, value in fields["subjects"]),
            authenticated=tuple(_str(kind) for kind in fields["authenticated"]),
            outcome=_text(fields, "outcome"),
            reason=_text(fields, "reason"),
            rule_id=_text(fields, "rule_id", MAX_ID),
            rule_version=_number(fields, "rule_version"),
            revision=_number(fields, "revision"),
            would=tuple(
                (_str(rule), int(version), _str(outcome)) for rule, version, outcome in fields["would"]
            ),
            evidence=fields["evidence"],
            latency_us=_number(fields, "latency_us"),
            sampled=bool(fields["sampled"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"no record: {error!r}") from error
    if record.outcome not in OUTCOMES or not record.decision_id:
        raise ValueError("no record: it has no outcome or no id")
    return record


def _printable(line: bytes) -> bytes:
    """The same JSON: what cannot be printed can only stand in a string, so it may stand there escaped.

    JSON itself escapes only what is below a space. A terminal has more to be steered by.
    """
    text = line.decode()
    if text.isprintable():
        return line
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text).encode()


def _clean(text: str, most: int = MAX_TEXT) -> str:
    """Cut, and with whatever cannot be printed written as Python escapes it."""
    text = text[:most]
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)[:most]


def _escaped(char: str) -> str:
    # Half a surrogate pair has no UTF-8 form, and its escape has.
    return char.encode("unicode_escape").decode()


def _text(fields: Mapping[str, Any], name: str, most: int = MAX_TEXT) -> str:
    return _str(fields[name], most)


def _str(value: object, most: int = MAX_TEXT) -> str:
    if not isinstance(value, str) or len(value) > most:
        raise ValueError(f"no text of at most {most} characters: {str(value)[:MAX_TEXT]!r}")
    return value


def _number(fields: Mapping[str, Any], name: str, least: int = 0, most: int = _MOST) -> int:
    value = fields[name]
    if not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{name} is no number from {least} to {most}")
    return value
