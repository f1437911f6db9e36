"""What must be seen in the story, worked out by hand from the catalogue and the calendar.

The credit: the quarterly card runs from 2026-11-22 10:00 to the midnight after 2027-02-22, 2,222 hours, of
which 1,502 are left on 2026-12-22 10:00. 9,900 fen x 1,502 / 2,222 = 6,692.08, and 29,900 - 6,692 = 23,208.

A last day is one on which a card still holds when the day ends (ID-16): replaced at 10:00 on 22 December, the
quarterly card's is the 21st.
"""

from collections.abc import Mapping

from servers.mesh.cli.demo.story import Figure

EXPECTED: Mapping[str, Figure] = {
    "lin: how both cards were placed": ["stack", "stack"],
    "lin: price of both, in fen": 49_800,
    "lin: last days": ["gold_annual 2027-11-22", "fengxiang_annual 2027-11-22"],
    "lin: cards in display order": ["gold_annual", "fengxiang_annual"],
    "wei: credit for the rest, in fen": 6_692,
    "wei: to pay, in fen": 23_208,
    "wei: how it was placed": "upgrade now",
    "wei: the quarterly card is": "superseded",
    "wei: last days": ["gold_quarterly 2026-12-21", "gold_annual 2027-12-22"],
    "mei: last days of three": [
        "gold_quarterly 2027-03-22",
        "gold_quarterly 2027-06-22",
        "gold_quarterly 2027-09-22",
    ],
    "mei: paid back, in fen": 9_900,
    "mei: last days after the refund": ["gold_quarterly 2027-03-22", "gold_quarterly 2027-06-22"],
    "mei: last days after the reversal": [
        "gold_quarterly 2027-03-22",
        "gold_quarterly 2027-06-22",
        "gold_quarterly 2027-09-22",
    ],
    "lin: the student card is refused because of": "IDENTITY_CONFLICT",
    "lin: by the rule": "student_or_annual",
    "lin: checks that fail": ["conflict"],
    "lin: the earliest start": "2027-11-23 00:00",
    "lin: started and ended": [
        "2026-11-22 10:00 fengxiang_annual started",
        "2026-11-22 10:00 gold_annual started",
        "2027-11-23 00:00 fengxiang_annual ended",
        "2027-11-23 00:00 gold_annual ended",
    ],
    "wei: started and ended": [
        "2026-11-22 10:00 gold_quarterly started",
        "2026-12-22 10:00 gold_quarterly ended",
        "2026-12-22 10:00 gold_annual started",
        "2027-12-23 00:00 gold_annual ended",
    ],
    "mei: started and ended": [
        "2026-12-22 10:00 gold_quarterly started",
        "2027-09-23 00:00 gold_quarterly ended",
    ],
    "lin: last days after a year": [
        "gold_annual 2027-11-22",
        "fengxiang_annual 2027-11-22",
        "student_year 2028-08-31",
    ],
}
