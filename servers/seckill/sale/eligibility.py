"""Which of an activity's SKUs a member holds: Identity's word, a second old at most."""

import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import structlog

from clients import NectaryError
from domain.shared.errors import Unavailable
from nectary.identity.v1 import identity_service_pb2 as pb
from servers.mesh.batching import Coalescer

FRESH_SECONDS = 1.0
MOST = 50_000
"""Answers kept, the oldest dropped first."""
MAX_BATCH = 256
MAX_SKUS = 50
"""That Identity can be asked for at once."""
MAX_WAITING = 16_384

_log = structlog.get_logger("nectary.seckill")


class Question(NamedTuple):
    """Of one member: which of these he holds."""

    member_id: str
    sku_ids: tuple[str, ...]


class Identities(Protocol):
    """Identity's client, as it is needed here."""

    async def batch_check_identities(
        self, member_ids: Sequence[str], *, sku_ids: Sequence[str] = ...
    ) -> Sequence[pb.MemberIdentities]: ...


class Eligibility:
    """Await it with a question: the held ones of its SKUs. Concurrent questions share calls.

    Raises Unavailable (ELIGIBILITY_UNKNOWN) if Identity does not answer.
    """

    def __init__(self, identities: Identities) -> None:
        self._identities = identities
        self._known: OrderedDict[Question, tuple[float, frozenset[str]]] = OrderedDict()
        self._ask: Coalescer[Question, frozenset[str]] = Coalescer(
            self._answers, max_size=MAX_BATCH, max_waiting=MAX_WAITING
        )

    async def __call__(self, question: Question) -> frozenset[str]:
        known = self._known.get(question)
        if known and time.monotonic() - known[0] < FRESH_SECONDS:
            return known[1]
        return await self._ask(question)

    async def _answers(self, questions: Sequence[Question]) -> Sequence[frozenset[str] | Exception]:
        asked = time.monotonic()
        found: dict[str, frozenset[str]] = {}
        sku_ids = list(dict.fromkeys(sku_id for question in questions for sku_id in question.sku_ids))
        members = list(dict.fromkeys(question.member_id for question in questions))
        try:
            for first in range(0, len(sku_ids), MAX_SKUS):
                some = sku_ids[first : first + MAX_SKUS]
                for member in await self._identities.batch_check_identities(members, sku_ids=some):
                    held = frozenset(held.sku_id for held in member.held)
                    found[member.member_id] = found.get(member.member_id, frozenset()) | held
        except NectaryError as error:
            _log.warning("eligibility_unknown", members=len(members), error=repr(error))
            message = "what the member holds cannot be learnt at this moment"
            raise Unavailable("ELIGIBILITY_UNKNOWN", message) from error
        answers = [found.get(one.member_id, frozenset()) & frozenset(one.sku_ids) for one in questions]
        for question, answer in zip(questions, answers, strict=True):
            self._known[question] = (asked, answer)
            self._known.move_to_end(question)
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return answers
