"""Physical cards: made once, redeemed once, void for good."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from clients import InvalidRequest, NotFound, Refused
from nectary.identity.v1 import catalog_service_pb2 as catalogs
from nectary.identity.v1 import identity_pb2 as identity
from tests.wire.identity import requests as r
from tests.wire.identity.cards import CARD, MONTHLY, STUDENT
from tests.wire.identity.mesh import START, Mesh
from tests.wire.identity.shopping import granted, timeline_of

CLOSES = START + timedelta(days=90)


async def _made(mesh: Mesh, count: int = 1, sku: str = CARD, **more: Any) -> Sequence[str]:
    return (await mesh.catalog.CreateCardBatch(r.a_batch(sku, CLOSES, count, **more))).codes


async def test_codes_are_answered_once_and_only_hashes_are_kept(mesh: Mesh) -> None:
    request = r.a_batch(CARD, CLOSES, 3)
    first = await mesh.catalog.CreateCardBatch(request)
    assert len(set(first.codes)) == 3
    assert all(len(code) == 23 and code.count("-") == 3 for code in first.codes)
    assert first.batch.count == 3
    assert r.moment(first.batch.activation_start_time) == START
    again = await mesh.catalog.CreateCardBatch(request)
    assert again == catalogs.CreateCardBatchResponse(batch=first.batch)


async def test_two_calls_at_once_with_one_request_id_make_one_batch(mesh: Mesh) -> None:
    request = r.a_batch(CARD, CLOSES, 2)
    answers = await asyncio.gather(*(mesh.catalog.CreateCardBatch(request) for _ in range(8)))
    assert len({answer.batch.batch_id for answer in answers}) == 1
    assert sorted(len(answer.codes) for answer in answers) == [0] * 7 + [2]


async def test_the_largest_batch_is_made(mesh: Mesh) -> None:
    codes = await _made(mesh, 10_000)
    assert len(set(codes)) == 10_000
    await mesh.identity.RedeemCard(r.a_redemption(r.a_member(), codes[-1]))


async def test_a_card_works_once_however_it_is_typed(mesh: Mesh) -> None:
    member, [code] = r.a_member(), await _made(mesh)
    redeemed = await mesh.identity.RedeemCard(r.a_redemption(member, f"  {code.lower().replace('-', ' ')}"))
    assert redeemed.term.cause.kind == identity.CAUSE_KIND_PHYSICAL_CARD
    assert (redeemed.term.sku_id, redeemed.term.source) == (CARD, "shop")
    assert code not in str(redeemed)
    for spender in (member, r.a_member()):
        with pytest.raises(NotFound, match=r"^CARD_NOT_FOUND:"):
            await mesh.identity.RedeemCard(r.a_redemption(spender, code))
    assert len((await timeline_of(mesh, member)).terms) == 1


async def test_unknown_spent_and_void_codes_are_answered_alike(mesh: Mesh) -> None:
    spent, void = await _made(mesh, 2)
    await mesh.identity.RedeemCard(r.a_redemption(r.a_member(), spent))
    await mesh.catalog.VoidCards(r.a_voiding([void]))
    answers = set()
    for code in (spent, void, "AAAAA-AAAAA-AAAAA-AAAAA", "--------"):
        with pytest.raises(NotFound) as caught:
            await mesh.identity.RedeemCard(r.a_redemption(r.a_member(), code))
        answers.add((caught.value.reason, caught.value.message, tuple(caught.value.metadata.items())))
    assert len(answers) == 1


async def test_a_card_is_redeemed_within_its_window(mesh: Mesh) -> None:
    opens = START + timedelta(days=5)
    codes = await _made(mesh, 2, activation_start_time=r.ts(opens))
    for moment in (opens - timedelta(microseconds=1), CLOSES):
        await mesh.at(moment)
        with pytest.raises(Refused, match=r"^CARD_OUTSIDE_WINDOW:") as caught:
            await mesh.identity.RedeemCard(r.a_redemption(r.a_member(), codes[0]))
        assert set(caught.value.metadata) == {"opens_time", "closes_time"}
    for moment, code in ((opens, codes[0]), (CLOSES - timedelta(microseconds=1), codes[1])):
        await mesh.at(moment)
        await mesh.identity.RedeemCard(r.a_redemption(r.a_member(), code))


async def test_a_card_that_is_refused_by_a_rule_is_not_spent(own_mesh: Mesh) -> None:
    holder = r.a_member()
    await granted(own_mesh, holder, "gold_annual")
    [code] = await _made(own_mesh, 1, STUDENT)
    with pytest.raises(Refused, match=r"^IDENTITY_CONFLICT:"):
        await own_mesh.identity.RedeemCard(r.a_redemption(holder, code))
    await own_mesh.identity.RedeemCard(r.a_redemption(r.a_member(), code))


async def test_a_window_that_closes_before_it_opens_is_refused(mesh: Mesh) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await _made(mesh, activation_start_time=r.ts(CLOSES))
    assert [violation.field for violation in caught.value.violations] == ["activation_end_time"]


async def test_cards_of_what_is_not_given_as_a_card_are_not_made(mesh: Mesh) -> None:
    with pytest.raises(Refused, match=r"^SOURCE_NOT_ALLOWED:"):
        await _made(mesh, sku="gold_gift")
    with pytest.raises(NotFound, match=r"^SKU_NOT_FOUND:"):
        await _made(mesh, sku="no_such")
    assert await _made(mesh, sku=MONTHLY)


async def test_a_batch_is_voided_but_for_what_was_redeemed(mesh: Mesh) -> None:
    made = await mesh.catalog.CreateCardBatch(r.a_batch(CARD, CLOSES, 4))
    await mesh.identity.RedeemCard(r.a_redemption(r.a_member(), made.codes[0]))
    one = await mesh.catalog.VoidCards(r.a_voiding([made.codes[1], made.codes[1], "BBBBBBBB"]))
    assert (one.voided, one.redeemed_before, one.unknown) == (1, 0, 1)
    rest = await mesh.catalog.VoidCards(r.a_voiding(batch_id=made.batch.batch_id))
    assert (rest.voided, rest.redeemed_before, rest.unknown) == (2, 1, 0)
    again = await mesh.catalog.VoidCards(r.a_voiding(batch_id=made.batch.batch_id))
    assert (again.voided, again.redeemed_before) == (0, 1)


async def test_either_a_batch_or_codes_are_voided(mesh: Mesh) -> None:
    for request in (r.a_voiding(), r.a_voiding(["AAAAAAAA"], batch_id="b")):
        with pytest.raises(InvalidRequest) as caught:
            await mesh.catalog.VoidCards(request)
        assert [violation.field for violation in caught.value.violations] == ["batch_id"]
    with pytest.raises(NotFound, match=r"^CARD_BATCH_NOT_FOUND:"):
        await mesh.catalog.VoidCards(r.a_voiding(batch_id="no-such"))


async def test_redeeming_and_voiding_at_once_end_in_one_of_the_two_orders(mesh: Mesh) -> None:
    codes = await _made(mesh, 16)
    members = [r.a_member() for _ in codes]
    calls: list[Any] = [
        mesh.identity.RedeemCard(r.a_redemption(member, code))
        for member, code in zip(members, codes, strict=True)
    ]
    calls.insert(8, mesh.catalog.VoidCards(r.a_voiding(codes)))
    redeemed: list[Any] = await asyncio.gather(*calls, return_exceptions=True)
    voided = redeemed.pop(8)
    lost = [answer for answer in redeemed if isinstance(answer, NotFound)]
    assert voided.voided == len(lost)
    assert voided.redeemed_before == 16 - len(lost)
    held = [len((await timeline_of(mesh, member)).terms) for member in members]
    assert sum(held) == voided.redeemed_before
