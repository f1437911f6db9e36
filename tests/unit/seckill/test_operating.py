"""What operators may do with an activity, in which state."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.seckill.activity import Activity, ActivityState, SkuItem, Standing, Tranche
from domain.seckill.operating import Close, Create, Operation, Publish, Update, create, operate
from domain.shared.errors import DomainError, Invalid
from domain.shared.instants import DAY, SECOND
from domain.shared.money import Money
from tests.unit.seckill.histories import CLOSES, OPENS, an_activity

DRAFT = an_activity(state=ActivityState.DRAFT)
SELLING = an_activity(stock=10)
CLOSED = an_activity(state=ActivityState.CLOSED)
PARTED = an_activity(tranches=(Tranche(1, 4, ("gold",)), Tranche(2, 6)))


def after(activity: Activity, command: Operation, taken: dict[int, int] | None = None) -> Activity:
    return operate(command, Standing(activity, taken or {}, OPENS), OPENS)


def refusal(activity: Activity, command: Operation, taken: dict[int, int] | None = None) -> DomainError:
    with pytest.raises(DomainError) as caught:
        after(activity, command, taken)
    return caught.value


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"title": ""}, "settings.title"),
        ({"title": "x" * 101}, "settings.title"),
        ({"item": SkuItem("")}, "settings.item"),
        ({"price": Money("", 0)}, "settings.price"),
        ({"price": Money("CNY", 10**12)}, "settings.price"),
        ({"opens": 0}, "settings.open_time"),
        ({"closes": OPENS}, "settings.close_time"),
        ({"closes": OPENS + 91 * DAY}, "settings.close_time"),
        ({"stock": 0}, "settings.stock"),
        ({"stock": 1_000_001}, "settings.stock"),
        ({"member_limit": 0}, "settings.member_limit"),
        ({"member_limit": 101}, "settings.member_limit"),
        ({"payment_seconds": 0}, "settings.payment_timeout"),
        ({"payment_seconds": 30 * 86_400 + 1}, "settings.payment_timeout"),
        ({"tranches": (Tranche(1, 2),)}, "settings.stock"),
        ({"tranches": (Tranche(1, 0, ("gold",)), Tranche(2, 3))}, "settings.tranches[0].stock"),
        ({"tranches": (Tranche(1, 3, (), OPENS),)}, "settings.tranches[0].release_time"),
        ({"tranches": (Tranche(1, 3, ("gold",), CLOSES),)}, "settings.tranches[0].release_time"),
        ({"stock": 9, "tranches": tuple(Tranche(n, 1) for n in range(1, 10))}, "settings.tranches"),
    ],
)
def test_settings_are_held_to_their_bounds(changed: dict[str, Any], field: str) -> None:
    settings = replace(DRAFT.settings, **changed)
    with pytest.raises(Invalid) as caught:
        create(Create("another", settings), None, OPENS)
    assert [violation.field for violation in caught.value.violations] == [field]


def test_an_id_is_given_once() -> None:
    with pytest.raises(DomainError) as caught:
        create(Create("gold_sale", DRAFT.settings), Standing(DRAFT, {}, OPENS), OPENS)
    assert caught.value.reason == "ACTIVITY_EXISTS"


def test_a_draft_may_change_in_everything() -> None:
    changed = after(DRAFT, Update({"stock": 5, "opens": OPENS + SECOND, "scenes": ("app",)}))
    assert (changed.settings.stock, changed.settings.opens) == (5, OPENS + SECOND)
    assert changed.revision == DRAFT.revision + 1


@pytest.mark.parametrize("name", ["item", "price", "opens", "member_limit", "payment_seconds", "scenes"])
def test_what_is_on_sale_stays_what_it_is(name: str) -> None:
    other = {
        "item": SkuItem("silver"),
        "price": Money("CNY", 1),
        "opens": OPENS + SECOND,
        "member_limit": 1,
        "payment_seconds": 1,
        "scenes": ("elsewhere",),
    }[name]
    refused = refusal(SELLING, Update({name: other}))
    assert (refused.reason, refused.metadata["field"]) == ("ACTIVITY_STATE_WRONG", name)
    assert after(SELLING, Update({name: getattr(SELLING.settings, name)})) is SELLING


@given(st.integers(1, 20), st.integers(0, 10))
def test_a_stock_never_falls_below_what_is_taken(stock: int, taken: int) -> None:
    """SK-1, failure row 30."""
    if stock < taken:
        assert refusal(SELLING, Update({"stock": stock}), {1: taken}).reason == "STOCK_BELOW_TAKEN"
    else:
        assert after(SELLING, Update({"stock": stock}), {1: taken}).settings.stock == stock


def test_a_tranche_on_sale_changes_in_its_stock_alone() -> None:
    grown = (Tranche(1, 5, ("gold",)), Tranche(2, 6))
    assert after(PARTED, Update({"stock": 11, "tranches": grown})).settings.tranches == grown
    other = (Tranche(1, 4, ("green",)), Tranche(2, 6))
    assert refusal(PARTED, Update({"tranches": other})).reason == "ACTIVITY_STATE_WRONG"
    fewer = (Tranche(1, 10, ("gold",)),)
    assert refusal(PARTED, Update({"tranches": fewer})).reason == "ACTIVITY_STATE_WRONG"
    shrunk = (Tranche(1, 2, ("gold",)), Tranche(2, 8))
    refused = refusal(PARTED, Update({"tranches": shrunk}), {1: 3})
    assert (refused.reason, refused.metadata["tranche"]) == ("STOCK_BELOW_TAKEN", "1")


def test_what_is_closed_stays_closed() -> None:
    assert refusal(CLOSED, Publish()).reason == "ACTIVITY_STATE_WRONG"
    assert refusal(CLOSED, Update({"title": "New"})).reason == "ACTIVITY_STATE_WRONG"
    assert after(CLOSED, Close()) is CLOSED


def test_publishing_twice_changes_nothing_and_too_late_is_refused() -> None:
    published = after(DRAFT, Publish(expected_revision=1))
    assert published.state is ActivityState.PUBLISHED
    assert after(published, Publish()) is published
    over = replace(DRAFT, settings=replace(DRAFT.settings, opens=0, closes=OPENS))
    assert refusal(over, Publish()).reason == "ACTIVITY_STATE_WRONG"


@pytest.mark.parametrize("command", [Update({"title": "New"}, 7), Publish(7)])
def test_a_change_of_an_old_revision_is_raced(command: Operation) -> None:
    refused = refusal(DRAFT, command)
    assert (refused.reason, refused.metadata) == ("STALE_VERSION", {"current_version": "1"})
