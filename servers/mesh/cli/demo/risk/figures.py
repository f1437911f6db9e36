"""What must be seen in the chapter of Risk, worked out by hand from its rule and the calendar.

A try costs 20 of 200 units in two seconds: ten of forty are let through, and of nine all. The tenth refusal
makes a suspect and is the last one that the listing cites. Who is confirmed for the first time is denied for
four hours; a day is what a person has to answer an appeal, and what an immunity lasts.
"""

from collections.abc import Mapping

from servers.mesh.cli.demo.story import Figure

EXPECTED: Mapping[str, Figure] = {
    "rules: what the plan changes": ["guessed_codes added"],
    "rules: revision by which calls are judged": 1,
    "tao: let through of 40 tries": 10,
    "tao: refused because of": ["THROTTLED"],
    "nina: refused of her tries": 0,
    "tao: told to come back within 2.3 s": "yes",
    "tao: a second too early": "THROTTLED",
    "tao: at the moment that was told": "CARD_NOT_FOUND",
    "why: what decided": ["guessed_codes: 200 of 200 units"],
    "why: decided again from the record": "the same",
    "tao: is": "suspect",
    "tao: because of": "10 refusals in 60 s",
    "tao: refusals that the listing cites": 10,
    "tao: those of which he was not told": 0,
    "nina: is": "none",
    "mail: to": "cards@example.com",
    "mail: subject": "[FIRING] rule guessed_codes in identity.redeem: 1 new, 1 in all",
    "mail: about": ["MEMBER:tao is SUSPECT"],
    "tao: denied until": "2026-11-22 14:01",
    "tao: strikes, in thousandths": 1_000,
    "tao: each of five tries": ["SUBJECT_DENIED"] * 5,
    "nina: refused meanwhile": 0,
    "nina: appeals for tao": "MEMBER_NOT_ALLOWED",
    "tao: a person answers by": "2026-11-23 10:02",
    "appeals that wait": ["tao"],
    "tao: his appeal is": "granted",
    "tao: strikes after it": 0,
    "tao: cannot be listed": ["by guessed_codes until 2026-11-23 10:04"],
    "mails: after the first": ["[RESOLVED] rule guessed_codes in identity.redeem: 1 in all, 1 ended by hand"],
    "tao: refused 30 times or more": "yes",
    "rui: is": "suspect",
    "tao: is, all the same": "released",
    "tao: what happened": [
        "none -> suspect by rule:guessed_codes",
        "suspect -> confirmed by local",
        "confirmed -> released by local",
    ],
    "chain: the mesh calls it": "whole",
    "chain: hashes that are right": 3,
    "chain: the same with one word changed in the second": 1,
}
