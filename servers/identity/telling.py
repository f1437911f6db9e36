"""What other services hear of a fact: the fact, and what they cannot know without the timeline."""

import orjson

from domain.identity.facts import Fact, TermTerminated
from domain.identity.terms import Term
from domain.identity.timeline import Timeline


def payload_of(fact: Fact, stored: bytes, timeline: Timeline) -> bytes:
    """Of its event. A refund says of each term that it cuts what gave it, and what was paid for it."""
    if not isinstance(fact, TermTerminated):
        return stored
    terms = {cut.term_id: _paid(timeline.terms[cut.term_id]) for cut in fact.cuts}
    return orjson.dumps(orjson.loads(stored) | {"terms": terms}, option=orjson.OPT_SORT_KEYS)


def _paid(term: Term) -> dict[str, object]:
    return {
        "cause": {"kind": term.cause.kind.value, "id": term.cause.id},
        "sku_id": term.sku_id,
        "currency": term.currency,
        "paid": term.paid,
    }
