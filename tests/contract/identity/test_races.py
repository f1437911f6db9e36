"""Two units of work read, both write: the second is Raced, and nothing of it is kept (F-19).

The first has committed by then; on SQLite, where writers take turns, it has written on the same connection.
"""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from domain.identity.catalog import Channel
from domain.identity.commands.catalog import CreateCardBatch, create_card_batch
from domain.identity.commands.grant import RedeemCard, grant_term, redeem_card
from domain.identity.commands.purchase import CreateOrder, create_order
from domain.identity.commands.refund import TerminateTerm, terminate_term
from domain.identity.ports import IdentityPorts
from domain.identity.terms import Cause, CauseKind
from domain.identity.wanted import Purchase
from domain.shared.doing import Doing
from domain.shared.errors import Raced
from domain.shared.instants import DAY
from servers.identity.sql.unit import Memory, Unit
from tests.contract.identity.commands import NOW, a_grant, done
from tests.contract.identity.conftest import Connect
from tests.wire.identity.cards import CARD, MONTHLY, TRIAL

CODE = "AAAAA-BBBBB-CCCCC-DDDDD"
CAUSE = Cause(CauseKind.TASK, "the same")
PHONE = ("telephone",)
BATCH = CreateCardBatch("batch", CARD, "shop", (CODE,), None, NOW.now + DAY)

Step = tuple[Any, Any]
"""A use case and its command."""


@dataclass(frozen=True)
class Race:
    """What was there, and two commands that cannot both come first."""

    first: Step
    second: Step
    before: Step | None = None


def _two_orders(member: str, ports: IdentityPorts, doing: Doing) -> None:
    purchase = Purchase(member, MONTHLY, "app", Channel.APP_PURCHASE)
    for order_id in ("order-1", "order-2"):
        create_order(CreateOrder(purchase, order_id), ports, doing)


RACES = {
    "on a timeline": Race(
        (grant_term, a_grant("ann")), (grant_term, a_grant("ann")), (grant_term, a_grant("ann"))
    ),
    "on a timeline that is opened": Race((grant_term, a_grant("ann")), (grant_term, a_grant("ann"))),
    "for a cause": Race((grant_term, a_grant("ann", cause=CAUSE)), (grant_term, a_grant("bob", cause=CAUSE))),
    "for a trial": Race(
        (grant_term, a_grant("ann", TRIAL, fingerprints=PHONE)),
        (grant_term, a_grant("bob", TRIAL, fingerprints=PHONE)),
    ),
    "for a refund id": Race(
        (terminate_term, TerminateTerm("ann", "the same", order_id="order-1")),
        (terminate_term, TerminateTerm("ann", "the same", order_id="order-2")),
        (_two_orders, "ann"),
    ),
    "for a card": Race(
        (redeem_card, RedeemCard("ann", CODE, "term-1")),
        (redeem_card, RedeemCard("bob", CODE, "term-2")),
        (create_card_batch, BATCH),
    ),
}


def _prepared(connect: Connect, step: Step | None) -> None:
    connection = connect()
    unit = Unit(connection, Memory())
    if step:
        done(unit, *step)
        unit.flush()
    if connection.engine.dialect.name != "sqlite":
        connection.commit()


@pytest.mark.parametrize("name", RACES)
def test_the_second_of_two_writers_is_raced(connect: Connect, name: str) -> None:
    race = RACES[name]
    _prepared(connect, race.before)
    one, two = connect(), connect()
    first, second = Unit(one, Memory()), Unit(two, Memory())
    done(first, *race.first)
    done(second, *race.second)
    first.flush()
    if one is not two:
        one.commit()
    with pytest.raises(Raced, match=r"another writer"):
        second.flush()


@pytest.mark.parametrize("name", RACES)
def test_a_conclusion_from_what_has_changed_since_is_raced(connect: Connect, name: str) -> None:
    """Also where nothing is written that another writer could be in the way of: a refusal."""
    race = RACES[name]
    _prepared(connect, race.before)
    one, two = connect(), connect()
    first, second = Unit(one, Memory()), Unit(two, Memory())
    done(first, *race.first)
    first.confirm()
    done(second, *race.second)
    second.flush()
    if one is not two:
        two.commit()
    with pytest.raises(Raced, match=r"another writer"):
        first.confirm()


def test_the_second_of_two_catalogues_is_stale(connect: Connect) -> None:
    one, two = connect(), connect()
    first, second = Unit(one, Memory()), Unit(two, Memory())
    latest = first.ports.catalogs.latest()
    assert latest is not None
    news = replace(latest, revision=latest.revision + 1)
    assert second.ports.catalogs.latest() == latest
    first.ports.catalogs.add(news, [], NOW.now)
    if one is not two:
        one.commit()
    with pytest.raises(Raced) as caught:
        second.ports.catalogs.add(news, [], NOW.now)
    assert caught.value.reason == "STALE_VERSION"


def test_a_timeline_that_moved_on_takes_no_facts_of_before(connect: Connect) -> None:
    unit = Unit(connect(), Memory())
    before = unit.ports.timelines.get("ann")
    done(unit, grant_term, a_grant("ann"))
    with pytest.raises(Raced):
        unit.ports.timelines.append(before, [], before, unit.ports.timelines.layout(before))
