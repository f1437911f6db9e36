"""Points over the wire: earned, held, spent, undone, adjusted, transferred, expired."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection

from nectary.honey.v1 import honey_pb2 as honey
from nectary.honey.v1 import wallet_service_pb2 as pb
from servers.honey.sql.tables import entry
from tests.wire.honey import requests as r
from tests.wire.honey.mesh import HONEY, LENIENT, START, STRICT, Mesh
from tests.wire.honey.points import balance, buckets, earned, lots, refusal, transactions

SHANGHAI = ZoneInfo("Asia/Shanghai")


async def test_what_is_pending_becomes_active_at_its_instant(mesh: Mesh) -> None:
    member = r.a_member()
    await earned(mesh, member, 50, active_time=r.later(hours=1))
    assert buckets(await balance(mesh, member)) == (0, 50, 0, 0)
    assert (await refusal(mesh.wallets.SpendPoints(r.a_spend(member, 1)))).reason == "INSUFFICIENT_POINTS"
    await mesh.at(START + timedelta(hours=1))
    assert buckets(await balance(mesh, member)) == (50, 0, 0, 0)


async def test_points_expire_at_their_instant_and_not_before(mesh: Mesh) -> None:
    member = r.a_member()
    await earned(mesh, member, 50, expire_time=r.later(hours=1))
    await mesh.at(START + timedelta(hours=1) - timedelta(microseconds=1))
    await mesh.wallets.SpendPoints(r.a_spend(member, 20))
    await mesh.at(START + timedelta(hours=1))
    found = await balance(mesh, member)
    assert (found.active_points, found.expired_points, found.spent_points) == (0, 30, 20)
    [*_, last] = await transactions(mesh, member)
    assert last.kind == honey.TRANSACTION_KIND_EXPIRED
    assert last.effective_time == r.later(hours=1)


async def test_what_expires_first_is_burnt_first(mesh: Mesh) -> None:
    """HO-9: priority, expiry, activation, coming."""
    member = r.a_member()
    never = await earned(mesh, member, 5)
    late = await earned(mesh, member, 5, expire_time=r.later(days=9))
    soon = await earned(mesh, member, 5, expire_time=r.later(days=2))
    first = await earned(mesh, member, 5, priority=-1)
    spent = await mesh.wallets.SpendPoints(r.a_spend(member, 18))
    assert [(part.lot_id, part.points) for part in spent.lots] == [
        (first, 5),
        (soon, 5),
        (late, 5),
        (never, 3),
    ]


async def test_a_hold_outlives_its_lot_and_gives_it_no_new_life(mesh: Mesh) -> None:
    """HO-12: spent through the hold, or expired when it is let go."""
    spender, leaver = r.a_member(), r.a_member()
    holds = {}
    for member in (spender, leaver):
        await earned(mesh, member, 30, expire_time=r.later(hours=1))
        holds[member] = (await mesh.wallets.HoldPoints(r.a_hold(member, 20))).hold.hold_id
    await mesh.at(START + timedelta(hours=2))
    await mesh.wallets.ConfirmHold(r.a_confirmation(spender, holds[spender], 15))
    await mesh.wallets.ReleaseHold(r.a_release(leaver, holds[leaver]))
    for member, spent in ((spender, 15), (leaver, 0)):
        found = await balance(mesh, member)
        assert buckets(found) == (0, 0, 0, 0)
        assert (found.spent_points, found.expired_points) == (spent, 30 - spent)


async def test_a_strict_hold_shrinks(mesh: Mesh) -> None:
    member = r.a_member()
    await earned(mesh, member, 10, programme_id=STRICT, expire_time=r.later(hours=1))
    await earned(mesh, member, 10, programme_id=STRICT)
    hold = (await mesh.wallets.HoldPoints(r.a_hold(member, 15, programme_id=STRICT))).hold
    await mesh.at(START + timedelta(hours=1))
    error = await refusal(
        mesh.wallets.ConfirmHold(r.a_confirmation(member, hold.hold_id, 6, programme_id=STRICT))
    )
    assert (error.reason, error.metadata["held"]) == ("MORE_THAN_HELD", "5")
    answer = await mesh.wallets.ConfirmHold(r.a_confirmation(member, hold.hold_id, programme_id=STRICT))
    assert (answer.hold.confirmed_points, answer.hold.asked_points) == (5, 15)


async def test_points_that_slide_live_as_long_as_their_member_earns_or_spends(mesh: Mesh) -> None:
    """Through the end of the day, in Shanghai, so many days after the last one."""
    member = r.a_member()
    await earned(mesh, member, 10, sliding=r.days(7))
    [lot] = await lots(mesh, member)
    noon, midnight = datetime(2027, 3, 1, 12, tzinfo=SHANGHAI), datetime(2027, 3, 9, tzinfo=SHANGHAI)
    assert (lot.sliding, lot.expire_time) == (r.days(7), r.ts(midnight))
    await mesh.at(noon + timedelta(days=5))
    await mesh.wallets.SpendPoints(r.a_spend(member, 3))
    [lot] = await lots(mesh, member)
    assert lot.expire_time == r.ts(midnight + timedelta(days=5))
    await mesh.at(midnight + timedelta(days=5, microseconds=-1))
    assert buckets(await balance(mesh, member)) == (7, 0, 0, 0)
    await mesh.at(midnight + timedelta(days=5))
    assert (await balance(mesh, member)).expired_points == 7


async def test_a_hold_times_out_and_is_over(mesh: Mesh) -> None:
    member = r.a_member()
    await earned(mesh, member, 10)
    hold = (await mesh.wallets.HoldPoints(r.a_hold(member, 10, expire_time=r.later(minutes=5)))).hold
    await mesh.at(START + timedelta(minutes=5))
    assert buckets(await balance(mesh, member)) == (10, 0, 0, 0)
    error = await refusal(mesh.wallets.ConfirmHold(r.a_confirmation(member, hold.hold_id)))
    assert (error.reason, error.metadata["state"]) == ("HOLD_NOT_OPEN", "TIMED_OUT")


async def test_a_wallet_has_a_hundred_open_holds_at_most(mesh: Mesh) -> None:
    member = r.a_member()
    await earned(mesh, member, 200)
    for _ in range(100):
        await mesh.wallets.HoldPoints(r.a_hold(member, 1))
    error = await refusal(mesh.wallets.HoldPoints(r.a_hold(member, 1)))
    assert (error.reason, error.metadata) == ("TOO_MANY_HOLDS", {"limit": "100"})


async def test_a_spend_comes_back_into_its_lots(mesh: Mesh) -> None:
    """HO-7."""
    member = r.a_member()
    for days in (1, 2, 3):
        await earned(mesh, member, 10, expire_time=r.later(days=days))
    before = await lots(mesh, member)
    spent = (await mesh.wallets.SpendPoints(r.a_spend(member, 25))).transaction_id
    await mesh.wallets.ReversePoints(r.a_reversal(member, spent, 10))
    await mesh.wallets.ReversePoints(r.a_reversal(member, spent))
    assert await lots(mesh, member) == before
    error = await refusal(mesh.wallets.ReversePoints(r.a_reversal(member, spent, 1)))
    assert (error.reason, error.metadata["left"]) == ("MORE_THAN_SPENT", "0")


@pytest.mark.parametrize(("programme", "active", "expired"), [(HONEY, 0, 10), (LENIENT, 10, 0)])
async def test_what_comes_back_late_expires_or_is_reinstated(
    mesh: Mesh, programme: str, active: int, expired: int
) -> None:
    member = r.a_member()
    await earned(mesh, member, 10, programme_id=programme, expire_time=r.later(hours=1))
    spent = await mesh.wallets.SpendPoints(r.a_spend(member, 10, programme_id=programme))
    await mesh.at(START + timedelta(days=3))
    undone = r.a_reversal(member, spent.transaction_id, programme_id=programme)
    found = (await mesh.wallets.ReversePoints(undone)).balance
    assert (found.active_points, found.expired_points) == (active, expired)
    await mesh.at(START + timedelta(days=10))
    assert (await balance(mesh, member, programme_id=programme)).expired_points == 10


async def test_an_earning_that_was_spent_is_owed_and_repaid_first(mesh: Mesh) -> None:
    member = r.a_member()
    first = await earned(mesh, member, 50)
    await mesh.wallets.SpendPoints(r.a_spend(member, 40))
    await mesh.wallets.ReversePoints(r.a_reversal(member, first))
    assert buckets(await balance(mesh, member)) == (0, 0, 0, 40)
    await earned(mesh, member, 30)
    assert buckets(await balance(mesh, member)) == (0, 0, 0, 10)
    await earned(mesh, member, 30)
    found = await balance(mesh, member)
    assert buckets(found) == (20, 0, 0, 0)
    assert (found.earned_points, found.spent_points, found.reversed_points) == (110, 40, 50)


async def test_other_lots_pay_where_the_programme_says_so(mesh: Mesh) -> None:
    member = r.a_member()
    first = await earned(mesh, member, 50, programme_id=STRICT)
    await earned(mesh, member, 30, programme_id=STRICT)
    await mesh.wallets.SpendPoints(r.a_spend(member, 50, programme_id=STRICT))
    await mesh.wallets.ReversePoints(r.a_reversal(member, first, programme_id=STRICT))
    assert buckets(await balance(mesh, member, programme_id=STRICT)) == (0, 0, 0, 20)


async def test_what_expired_is_taken_back_without_a_debt(mesh: Mesh) -> None:
    member = r.a_member()
    first = await earned(mesh, member, 50, expire_time=r.later(hours=1))
    await mesh.at(START + timedelta(hours=2))
    await mesh.wallets.ReversePoints(r.a_reversal(member, first))
    found = await balance(mesh, member)
    assert (found.expired_points, found.reversed_points, found.debt_points) == (0, 50, 0)
    error = await refusal(mesh.wallets.ReversePoints(r.a_reversal(member, first, 1)))
    assert error.reason == "MORE_THAN_EARNED"


async def test_expired_points_are_given_back_as_a_favour(mesh: Mesh) -> None:
    member = r.a_member()
    lot_id = await earned(mesh, member, 30, expire_time=r.later(hours=1))
    assert (await refusal(mesh.wallets.ReinstatePoints(r.a_reinstatement(member, lot_id)))).metadata == {
        "wanted": "1",
        "expired": "0",
    }
    await mesh.at(START + timedelta(hours=2))
    answer = await mesh.wallets.ReinstatePoints(r.a_reinstatement(member, lot_id, points=10))
    assert (answer.balance.active_points, answer.balance.expired_points) == (10, 20)
    assert answer.lot.expire_time == r.later(days=9)
    error = await refusal(mesh.wallets.ReinstatePoints(r.a_reinstatement(member, lot_id, points=21)))
    assert (error.reason, error.metadata["expired"]) == ("MORE_THAN_EXPIRED", "20")
    await mesh.wallets.ReinstatePoints(r.a_reinstatement(member, lot_id))
    await mesh.at(START + timedelta(days=9))
    assert (await balance(mesh, member)).expired_points == 30


async def test_a_transfer_keeps_expiry_priority_and_funding(mesh: Mesh) -> None:
    ann, bob, shop = r.a_member(), r.a_member(), r.a_member()
    await mesh.wallets.AdjustPoints(r.an_adjustment(merchant_id=shop, points=100))
    await earned(mesh, ann, 20, merchant_id=shop, priority=3, expire_time=r.later(days=5))
    answer = await mesh.wallets.TransferPoints(r.a_transfer(ann, bob, 12))
    [lot] = await lots(mesh, bob)
    assert (lot.earned_points, lot.active_points, lot.priority) == (12, 12, 3)
    assert (lot.funding_merchant_id, lot.expire_time) == (shop, r.later(days=5))
    assert (answer.balance.transferred_points, answer.target_balance.transferred_points) == (12, -12)
    error = await refusal(mesh.wallets.ReversePoints(r.a_reversal(bob, lot.lot_id)))
    assert error.reason == "TRANSACTION_NOT_FOUND"
    error = await refusal(mesh.wallets.TransferPoints(r.a_transfer(ann, ann, 1)))
    assert [violation.field for violation in error.violations] == ["target_member_id"]


async def test_a_merchant_pays_for_what_it_grants_and_is_paid_in_points(mesh: Mesh) -> None:
    member, shop = r.a_member(), r.a_member()
    error = await refusal(mesh.wallets.EarnPoints(r.an_earning(member, 10, merchant_id=shop)))
    assert (error.reason, error.metadata["credit"]) == ("INSUFFICIENT_CREDIT", "0")
    await mesh.wallets.AdjustPoints(r.an_adjustment(merchant_id=shop, points=100))
    earning = await earned(mesh, member, 60, merchant_id=shop)
    spent = await mesh.wallets.SpendPoints(r.a_spend(member, 25, merchant_id=shop))
    await mesh.wallets.ReversePoints(r.a_reversal(member, spent.transaction_id, 5))
    await mesh.wallets.ReversePoints(r.a_reversal(member, earning, 30))
    found = await balance(mesh, "", merchant_id=shop)
    assert (found.credit_points, found.granted_points, found.receivable_points) == (70, 30, 20)
    error = await refusal(mesh.wallets.AdjustPoints(r.an_adjustment(merchant_id=shop, points=-71)))
    assert error.reason == "INSUFFICIENT_CREDIT"


async def test_an_operator_gives_and_takes(mesh: Mesh) -> None:
    member = r.a_member()
    given = await mesh.wallets.AdjustPoints(r.an_adjustment(member, 30, expire_time=r.later(days=1)))
    assert given.balance.active_points == 30
    taken = await mesh.wallets.AdjustPoints(r.an_adjustment(member, -12))
    assert (taken.balance.active_points, taken.balance.reversed_points) == (18, 12)
    error = await refusal(mesh.wallets.AdjustPoints(r.an_adjustment(member, -19)))
    assert error.reason == "INSUFFICIENT_POINTS"
    assert {one.reason for one in await transactions(mesh, member)} == {"as agreed"}


async def test_a_wallet_has_a_bound(mesh: Mesh) -> None:
    member, most = r.a_member(), 2**53 - 1
    await earned(mesh, member, most)
    error = await refusal(mesh.wallets.EarnPoints(r.an_earning(member, 1)))
    assert (error.reason, error.metadata) == ("WALLET_FULL", {"limit": str(most)})


async def test_a_balance_is_what_it_was(mesh: Mesh) -> None:
    """HO-14: at every instant of the past, from its snapshots as from zero."""
    member = r.a_member()
    await earned(mesh, member, 10, expire_time=r.later(hours=5))
    for hour in range(1, 4):
        await mesh.at(START + timedelta(hours=hour))
        await mesh.wallets.SpendPoints(r.a_spend(member, hour))
    await mesh.at(START + timedelta(hours=6))
    seen = [
        (await balance(mesh, member, as_of=r.later(hours=hour))).active_points
        for hour in (-0.01, 0, 0.99, 1, 2, 2.5, 3, 4.99, 5, 6)
    ]
    assert seen == [0, 10, 10, 9, 7, 7, 4, 4, 0, 0]


async def test_a_statement_adds_up(mesh: Mesh) -> None:
    member = r.a_member()
    await earned(mesh, member, 100, expire_time=r.later(hours=3))
    await mesh.at(START + timedelta(hours=1))
    await mesh.wallets.SpendPoints(r.a_spend(member, 30))
    await mesh.wallets.HoldPoints(r.a_hold(member, 20, expire_time=r.later(hours=2)))
    await mesh.at(START + timedelta(hours=4))
    period = pb.GetStatementRequest(**r.of(member, start_time=r.later(hours=1), end_time=r.later(hours=4)))
    found = await mesh.wallets.GetStatement(period)
    moved = {
        account: sum(one.points for one in found.movements if one.account == account)
        for account in (honey.ACCOUNT_ACTIVE, honey.ACCOUNT_HELD, honey.ACCOUNT_EXPIRED)
    }
    assert found.opening.active_points + moved[honey.ACCOUNT_ACTIVE] == found.closing.active_points
    assert (found.opening.active_points, found.closing.expired_points) == (100, 70)
    assert moved == {honey.ACCOUNT_ACTIVE: -100, honey.ACCOUNT_HELD: 0, honey.ACCOUNT_EXPIRED: 70}


async def test_lists_go_page_by_page(mesh: Mesh) -> None:
    member = r.a_member()
    made = [await earned(mesh, member, 5) for _ in range(5)]
    await mesh.wallets.SpendPoints(r.a_spend(member, 5))
    request, seen = pb.ListLotsRequest(**r.of(member, page_size=2)), []
    while True:
        page = await mesh.wallets.ListLots(request)
        seen += [lot.lot_id for lot in page.lots]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert seen == made
    assert [lot.lot_id for lot in await lots(mesh, member, with_points=True)] == made[1:]


async def test_a_past_that_was_changed_is_found(mesh: Mesh) -> None:
    member = r.a_member()
    for _ in range(3):
        await earned(mesh, member, 5)
    request = pb.VerifyStatementRequest(**r.of(member))
    sound = await mesh.wallets.VerifyStatement(request)
    assert (sound.intact, sound.version, sound.broken_seq) == (True, 3, 0)
    assert sound.link == (await balance(mesh, member)).link
    kept = pb.VerifyStatementRequest(**r.of(member, version=3, link=bytes(32)))
    assert not (await mesh.wallets.VerifyStatement(kept)).intact
    await mesh.store.transact(_forge, f"{HONEY}:member:{member}")
    found = await mesh.wallets.VerifyStatement(request)
    assert (found.intact, found.broken_seq) == (False, 3)


async def test_a_wallet_never_used_has_nothing(mesh: Mesh) -> None:
    member = r.a_member()
    found = await balance(mesh, member)
    assert (buckets(found), found.version, found.link) == ((0, 0, 0, 0), 0, bytes(32))
    assert await lots(mesh, member) == []
    assert (await mesh.wallets.VerifyStatement(pb.VerifyStatementRequest(**r.of(member)))).intact


async def test_what_is_not_there_is_not_found(mesh: Mesh) -> None:
    ann, bob = r.a_member(), r.a_member()
    bobs = await earned(mesh, bob, 10)
    hold = (await mesh.wallets.HoldPoints(r.a_hold(bob, 5))).hold.hold_id
    assert (await refusal(balance(mesh, ann, programme_id="nowhere"))).reason == "PROGRAMME_NOT_FOUND"
    for call, reason in (
        (mesh.wallets.ReversePoints(r.a_reversal(ann, bobs)), "TRANSACTION_NOT_FOUND"),
        (mesh.wallets.ConfirmHold(r.a_confirmation(ann, hold)), "HOLD_NOT_FOUND"),
        (mesh.wallets.ReleaseHold(r.a_release(ann, hold)), "HOLD_NOT_FOUND"),
    ):
        assert (await refusal(call)).reason == reason


def _forge(connection: Connection, wallet_id: str) -> None:
    """One point more in the third transaction, as somebody with the database's password would."""
    connection.execute(
        entry.update()
        .where(entry.c.wallet_id == wallet_id, entry.c.seq == 3)
        .values(points=entry.c.points * 2)
    )
