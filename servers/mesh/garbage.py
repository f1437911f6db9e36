"""How seldom a process that serves looks for garbage that hangs together in circles."""

import gc

THRESHOLDS = (10_000, 20, 50)
"""New objects until the young are looked at, and how many such looks until older ones are, and all."""


def collect_seldom() -> None:
    """To be called when everything is made that lives as long as the process.

    That is never looked at again. Of what comes later almost everything goes by its reference count; with
    Python's own 700 new objects, which two calls make, looking in vain was a tenth of what a refusal costs
    and a third of a reservation (docs/decisions.md).
    """
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
