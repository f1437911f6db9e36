"""Crowds on one server: every outcome is that of some order, one after the other (ID-12, ID-15, F-30)."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from clients import NectaryError
from nectary.identity.v1 import identity_pb2 as identity
from tests.scenario.identity.crowds import all_at_once, assert_one_row_of, persistent
from tests.scenario.identity.whole import assert_whole
from tests.wire.identity import requests as r
from tests.wire.identity.cards import MONTHLY, TRIAL
from tests.wire.identity.golden import PATHS
from tests.wire.identity.mesh import Mesh
from tests.wire.identity.shopping import bought, timeline_of

CROWD = 64
Call = Callable[[], Awaitable[Any]]


def _reasons(outcomes: list[object]) -> list[str]:
    return [outcome.reason for outcome in outcomes if isinstance(outcome, NectaryError)]


async def test_purchases_of_one_member_follow_each_other(mesh: Mesh) -> None:
    """The first card is there, so that every order quotes a renewal and all of them can be kept."""
    member = r.a_member()
    await bought(mesh, member, MONTHLY)
    ordered = await asyncio.gather(
        *(mesh.identity.CreateOrder(r.an_order(member, MONTHLY)) for _ in range(CROWD))
    )
    payments = [r.a_payment(answer.order) for answer in ordered]
    await asyncio.gather(*(persistent(partial(mesh.identity.ConfirmPayment, one)) for one in payments))
    timeline = await timeline_of(mesh, member)
    assert_one_row_of(timeline, CROWD + 1)
    assert {term.cause.id for term in timeline.terms} > {answer.order.order_id for answer in ordered}
    assert_whole(mesh.store_url)


async def test_first_purchases_of_one_member_leave_one_card(mesh: Mesh) -> None:
    """Each order quotes a lane of its own: the second payment no longer leads to what was quoted."""
    member = r.a_member()
    ordered = await asyncio.gather(
        *(mesh.identity.CreateOrder(r.an_order(member, MONTHLY)) for _ in range(CROWD))
    )
    outcomes = await all_at_once(
        [partial(mesh.identity.ConfirmPayment, r.a_payment(answer.order)) for answer in ordered]
    )
    assert _reasons(list(outcomes)) == ["STALE_PREVIEW"] * (CROWD - 1)
    assert_one_row_of(await timeline_of(mesh, member), 1)
    assert_whole(mesh.store_url)


async def test_one_request_id_has_one_effect_and_one_answer(mesh: Mesh) -> None:
    member = r.a_member()
    request = r.a_grant(member, MONTHLY)
    answers = await asyncio.gather(
        *(persistent(partial(mesh.call, PATHS["GrantTerm"], request)) for _ in range(CROWD))
    )
    assert len(set(answers)) == 1
    assert_one_row_of(await timeline_of(mesh, member), 1)
    assert_whole(mesh.store_url)


async def test_one_cause_gives_one_term(mesh: Mesh) -> None:
    member, cause = r.a_member(), r.a_cause()
    grants = [r.a_grant(member, MONTHLY, cause=cause) for _ in range(CROWD)]
    answers = await asyncio.gather(*(persistent(partial(mesh.identity.GrantTerm, one)) for one in grants))
    assert len({answer.term.term_id for answer in answers}) == 1
    assert_one_row_of(await timeline_of(mesh, member), 1)
    assert_whole(mesh.store_url)


async def test_one_order_is_paid_once_whoever_says_so(mesh: Mesh) -> None:
    member = r.a_member()
    order = (await mesh.identity.CreateOrder(r.an_order(member, MONTHLY))).order
    outcomes = await all_at_once(
        [partial(mesh.identity.ConfirmPayment, r.a_payment(order)) for _ in range(CROWD)]
    )
    assert _reasons(list(outcomes)) == ["ORDER_PAID_ALREADY"] * (CROWD - 1)
    assert_one_row_of(await timeline_of(mesh, member), 1)


async def test_a_trial_is_had_once_by_all_who_share_a_fingerprint(mesh: Mesh) -> None:
    """ID-15: every one of them has an order, which was good when it was made."""
    members, phone = [r.a_member() for _ in range(CROWD)], r.new_id()
    ordered = await asyncio.gather(
        *(mesh.identity.CreateOrder(r.an_order(one, TRIAL, fingerprints=[phone])) for one in members)
    )
    outcomes = await all_at_once(
        [partial(mesh.identity.ConfirmPayment, r.a_payment(answer.order)) for answer in ordered]
    )
    assert _reasons(list(outcomes)) == ["TRIAL_USED"] * (CROWD - 1)
    held = [len((await timeline_of(mesh, member)).terms) for member in members]
    assert sum(held) == 1
    assert_whole(mesh.store_url)


async def test_trials_and_a_merge_at_once_leave_one_use(mesh: Mesh) -> None:
    """In whichever order: the survivor has used what the merged member used."""
    for _ in range(8):
        survivor, merged = r.a_member(), r.a_member()
        grant: Call = partial(mesh.identity.GrantTerm, r.a_grant(merged, TRIAL))
        merge: Call = partial(mesh.identity.MergeMembers, r.a_merge(survivor, merged))
        granted, _ = await all_at_once([grant, merge])
        [after] = await all_at_once([partial(mesh.identity.GrantTerm, r.a_grant(survivor, TRIAL))])
        assert isinstance(after, NectaryError) is not isinstance(granted, NectaryError)
    assert_whole(mesh.store_url)


async def test_a_thousand_members_at_once_each_get_their_own(mesh: Mesh) -> None:
    members = [r.a_member() for _ in range(1_000)]
    grants = [partial(mesh.identity.GrantTerm, r.a_grant(member, MONTHLY), timeout=60) for member in members]
    answers = await asyncio.gather(*(persistent(grant) for grant in grants))
    for member, answer in zip(members, answers, strict=True):
        assert answer.timeline.member_id == member
        assert_one_row_of(answer.timeline, 1)
        assert answer.term.state == identity.TERM_STATE_ACTIVE
    assert_whole(mesh.store_url)


async def test_refunds_of_one_refund_id_are_one_refund(mesh: Mesh) -> None:
    member = r.a_member()
    term = await bought(mesh, member, MONTHLY)
    refund_id = r.new_id()
    refunds = [r.a_refund(member, term.term_id, refund_id=refund_id) for _ in range(CROWD)]
    answers = await asyncio.gather(
        *(persistent(partial(mesh.identity.TerminateTerm, one)) for one in refunds)
    )
    assert len({answer.effect.SerializeToString(deterministic=True) for answer in answers}) == 1
    [after] = (await timeline_of(mesh, member)).terms
    assert after.refunded == term.paid
    assert_whole(mesh.store_url)
