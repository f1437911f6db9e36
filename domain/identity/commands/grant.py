"""Giving a card that was not bought here: tasks, partners, bundles, gifts, flash sales, operators, codes."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.identity.cards import CardBatch, hash_of, require_redeemable
from domain.identity.catalog import Channel, Sku
from domain.identity.checks import judge
from domain.identity.explain import require
from domain.identity.facts import TermPlaced
from domain.identity.placement import Acquisition, effective_of
from domain.identity.ports import IdentityPorts
from domain.identity.recording import Written, open_timeline, write
from domain.identity.terms import Cause, CauseKind, Term
from domain.identity.wanted import sku_of, trial_subjects, trial_used
from domain.shared.doing import Doing
from domain.shared.errors import FieldViolation, Invalid, Refused
from domain.shared.instants import Instant, Period


@dataclass(frozen=True, slots=True)
class GrantTerm:
    """Give a term. `pinned` fixes its start; `at` is a past moment for which it is given."""

    member_id: str
    sku_id: str
    source: str
    channel: Channel
    cause: Cause
    term_id: str
    pinned: Instant | None = None
    at: Instant | None = None
    fingerprints: tuple[str, ...] = ()
    paid: int = 0
    currency: str = ""
    """Of `paid`; empty if nothing was paid."""
    period: Period | None = None
    """How long it lasts; None: as long as the SKU does."""


@dataclass(frozen=True, slots=True)
class RedeemCard:
    """Redeem a physical card by its code."""

    member_id: str
    code: str
    term_id: str
    fingerprints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Granted:
    """A given term, and the timeline."""

    term_id: str
    written: Written


def grant_term(command: GrantTerm, ports: IdentityPorts, doing: Doing) -> Granted:
    """Give a term, once for each cause.

    Raises Refused: CAUSE_USED, and what a purchase raises; Invalid: paid in another currency than the SKU's.
    """
    timeline, layout = open_timeline(ports.timelines, command.member_id)
    if given := ports.claims.given(command.cause):
        member_id, term_id = given
        if member_id != command.member_id or not _gives(command, timeline.terms[term_id]):
            raise Refused("CAUSE_USED", "this cause has given another term", cause_id=command.cause.id)
        return Granted(term_id, Written(timeline, layout))
    catalog = ports.catalogs.current(doing.now)
    sku = sku_of(catalog, command.sku_id, ports.catalogs)
    _require_currency(command, sku)
    wanted = Acquisition(
        term_id=command.term_id,
        sku=sku,
        at=_first_of(command.pinned, command.at, doing.now),
        cause=command.cause,
        source=command.source,
        channel=command.channel,
        pinned=command.pinned is not None,
        paid=command.paid,
        period=command.period,
    )
    subjects = trial_subjects(command.member_id, command.fingerprints)
    used = trial_used(sku, subjects, ports.claims)
    now = doing.now
    verdict = judge(timeline, layout, catalog, wanted, since=now, now=now, trial_used=used)
    placed = require(verdict, timeline, layout, catalog, wanted)
    if sku.trial_family:
        ports.claims.use_trial(sku.trial_family, subjects, command.term_id)
    ports.claims.give(command.cause, command.member_id, command.term_id)
    facts = [(effective_of(timeline, placed.term), TermPlaced(placed.term))]
    written = write(ports.timelines, timeline, facts, doing, placed.consequences(), placed.layout)
    return Granted(command.term_id, written)


def redeem_card(command: RedeemCard, ports: IdentityPorts, doing: Doing) -> Granted:
    """Redeem a card, once. Raises NotFound (CARD_NOT_FOUND), Refused (CARD_OUTSIDE_WINDOW), and more."""
    code_hash = hash_of(command.code)
    card = ports.cards.find(code_hash)
    if card and ports.claims.given(_cause_of(code_hash)):
        # Another writer redeemed it since it was read here: it is spent, whatever that row said.
        card = None
    batch = require_redeemable(card, ports.cards.batch(card.batch_id) if card else None, doing.now)
    granted = grant_term(_grant_of(command, batch, code_hash), ports, doing)
    ports.cards.spend(code_hash, command.member_id, granted.term_id)
    return granted


def _grant_of(command: RedeemCard, batch: CardBatch, code_hash: bytes) -> GrantTerm:
    return GrantTerm(
        member_id=command.member_id,
        sku_id=batch.sku_id,
        source=batch.source,
        channel=Channel.PHYSICAL_CARD,
        cause=_cause_of(code_hash),
        term_id=command.term_id,
        fingerprints=command.fingerprints,
    )


def _cause_of(code_hash: bytes) -> Cause:
    return Cause(CauseKind.PHYSICAL_CARD, code_hash.hex())


def _gives(command: GrantTerm, term: Term) -> bool:
    """Whether a term is what the command asks for; moments that it leaves open may be any."""
    asked = (command.sku_id, command.source, command.channel, command.paid)
    start = _first_of(command.pinned, command.at, term.acquired)
    period = command.period or term.length.period
    return (*asked, start, period) == (
        term.sku_id,
        term.source,
        term.channel,
        term.paid,
        term.acquired,
        term.length.period,
    )


def _require_currency(command: GrantTerm, sku: Sku) -> None:
    if command.currency and command.currency != sku.price.currency:
        description = f"{sku.sku_id} is sold in {sku.price.currency}"
        raise Invalid([FieldViolation("paid.currency", "CURRENCY_OTHER", description)])


def _first_of(*instants: Instant | None) -> Instant:
    known: Sequence[Instant] = [instant for instant in instants if instant is not None]
    return known[0]
