"""What the company's engine knows of those whom a call names, as if the list said it."""

from collections.abc import Iterator, Sequence

from domain.risk.ceilings import ceiling
from domain.risk.evidence import Seen
from domain.risk.facts import Facts
from domain.risk.states import mildest
from servers.risk.engine import Engine


def advice(engine: Engine, facts: Facts, listed: Sequence[Seen]) -> Iterator[Seen]:
    """Of subjects that the list says nothing of, and no harder than automation may be. Never waits."""
    said = {one.subject for one in listed}
    for subject in facts.subjects:
        known = None if subject in said else engine.known(subject, facts.scene)
        if known is not None:
            state = mildest(known.state, ceiling(subject, facts))
            if state.rank:
                yield Seen(subject, state)
