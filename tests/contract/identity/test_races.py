"""Two units of work read, both write: the second is Raced, and nothing of it is kept.

The first has committed by then (on SQLite, where writers take turns, it has written).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from domain.identity.catalog import Channel
from domain.identity.commands.catalog import ApplyCatalog, CreateCardBatch, apply_catalog, create_card_batch
from domain.identity.commands.grant import GrantTerm, RedeemCard, grant_term, redeem_card
from domain.identity.facts import Cause, CauseKind
from domain.shared.errors import Raced
from domain.shared.instants import DAY
from servers.identity.sql.unit import Memory, Unit
from servers.identity.wire.catalogs import draft_of
from tests.contract.identity.conftest import NOW, Connect
from tests.wire.identity.cards import CARD, MONTHLY, TRIAL, a_catalog
from tests.wire.identity.requests import new_id

CODE = "AAAAA-BBBBB-CCCCC-DDDDD"


def a_grant(member: str, sku: str = MONTHLY, **more: Any) -> GrantTerm:
    chosen = {"cause": Cause(CauseKind.TASK, new_id()), "term_id": new_id(), **more}
    return GrantTerm(member, sku, "tasks", Channel.INCENTIVE_TASK, **chosen)


def _batch() -> CreateCardBatch:
    return CreateCardBatch("batch", CARD, "shop", (CODE,), None, NOW.now + DAY)


def _catalogue(fen: int) -> ApplyCatalog:
    return ApplyCatalog(draft_of(a_catalog(gold_monthly=fen)), False, 0)


SAME_CAUSE = Cause(CauseKind.TASK, "the same")


@dataclass(frozen=True)
class Race:
    """What was there, and two commands that cannot both come first."""

    first: Callable[[], tuple[Any, Any]]
    second: Callable[[], tuple[Any, Any]]
    before: Callable[[], tuple[Any, Any]] | None = None
    reason: str = "TRANSACTION_RACED"


RACES = {
    "on a timeline": Race(
        lambda: (grant_term, a_grant("ann")),
        lambda: (grant_term, a_grant("ann")),
        lambda: (grant_term, a_grant("ann")),
    ),
    "on a timeline that is opened": Race(
        lambda: (grant_term, a_grant("ann")), lambda: (grant_term, a_grant("ann"))
    ),
    "for a cause": Race(
        lambda: (grant_term, a_grant("ann", cause=SAME_CAUSE)),
        lambda: (grant_term, a_grant("bob", cause=SAME_CAUSE)),
    ),
    "for a trial": Race(
        lambda: (grant_term, a_grant("ann", TRIAL, fingerprints=("telephone",))),
        lambda: (grant_term, a_grant("bob", TRIAL, fingerprints=("telephone",))),
    ),
    "for a card": Race(
        lambda: (redeem_card, RedeemCard("ann", CODE, new_id())),
        lambda: (redeem_card, RedeemCard("bob", CODE, new_id())),
        lambda: (create_card_batch, _batch()),
    ),
    "for the next catalogue": Race(
        lambda: (apply_catalog, _catalogue(1)), lambda: (apply_catalog, _catalogue(2)), reason="STALE_VERSION"
    ),
}


def _done(unit: Unit, use_case: Any, command: Any) -> None:
    use_case(command, unit.ports, NOW)
    unit.keep()


@pytest.mark.parametrize("name", RACES)
def test_the_second_of_two_writers_is_raced(connect: Connect, name: str) -> None:
    race = RACES[name]
    if race.before:
        preparing = connect()
        unit = Unit(preparing, Memory())
        _done(unit, *race.before())
        unit.flush()
        preparing.commit()
    one, two = connect(), connect()
    first, second = Unit(one, Memory()), Unit(two, Memory())
    if race.reason == "STALE_VERSION":
        # A catalogue is written at once: both have read before either writes.
        first.ports.catalogs.latest()
        second.ports.catalogs.latest()
        _raced_at_once(race, first, second)
        return
    _done(first, *race.first())
    _done(second, *race.second())
    first.flush()
    if one is not two:
        one.commit()
    with pytest.raises(Raced) as caught:
        second.flush()
    assert caught.value.reason == race.reason


def _raced_at_once(race: Race, first: Unit, second: Unit) -> None: ...
