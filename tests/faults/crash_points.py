"""The crash points of a sale: where on its way a reservation was, or another write, when its server died.

CP1 before the gate, CP2 when the gate was asked, CP3 with its claim, CP4 in the transaction, CP5 while COMMIT
was on its way, CP6 committed and the gate not told, CP7 told and perhaps not answered; CP8 in the sweep; CP9
between the end of an order and its unit's return.
"""

from collections.abc import Sequence

from tests.faults.kill_points import ANSWERED, COMMITTED, SENT, is_in_doubt


def point_of(steps: Sequence[str]) -> str:
    """By the steps of one write, from the claim on; the last one is where it ended."""
    if is_in_doubt(steps):
        return "CP5"
    if COMMITTED in steps:
        return "CP7" if SENT in steps[steps.index(COMMITTED) :] else "CP6"
    if any(step.startswith(("SQL", "COMMIT")) for step in steps):
        return "CP4"
    if ANSWERED in steps:
        return "CP3"
    return "CP2" if SENT in steps else "CP1"
