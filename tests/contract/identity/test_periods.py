"""A term that is given for a period of its own: so many days, whatever its SKU lasts."""

from dataclasses import replace

import pytest

from domain.identity.catalog import FixedPeriod
from domain.identity.commands.grant import grant_term
from domain.identity.placement import Acquisition
from domain.identity.terms import Cause, CauseKind
from domain.shared.errors import Refused
from domain.shared.instants import DAY, Period
from domain.shared.instants import Unit as Time
from servers.identity.sql.unit import Memory, Unit
from tests.contract.identity.commands import NOW, a_grant, done
from tests.contract.identity.conftest import Connect
from tests.wire.identity.cards import MONTHLY

TEN_DAYS = Period(10, Time.DAY)
CAUSE = Cause(CauseKind.TASK, "reward")


def test_it_lasts_so_long_and_goes_on_behind_what_is_held(connect: Connect) -> None:
    unit = Unit(connect(), Memory())
    bought = done(unit, grant_term, a_grant("ann"))
    given = done(unit, grant_term, a_grant("ann", period=TEN_DAYS))
    [before] = bought.written.layout.of(bought.term_id)
    [after] = given.written.layout.of(given.term_id)
    assert (after.start, after.end) == (before.end, before.end + 10 * DAY)


def test_one_cause_gives_one_period(connect: Connect) -> None:
    unit = Unit(connect(), Memory())
    first = done(unit, grant_term, a_grant("ann", cause=CAUSE, period=TEN_DAYS))
    assert done(unit, grant_term, a_grant("ann", cause=CAUSE, period=TEN_DAYS)).term_id == first.term_id
    with pytest.raises(Refused) as refusal:
        grant_term(a_grant("ann", cause=CAUSE, period=Period(11, Time.DAY)), unit.ports, NOW)
    assert refusal.value.reason == "CAUSE_USED"


def test_a_yearly_period_is_only_that_of_the_sku(connect: Connect) -> None:
    """Days are counted from the start, also of a card that others hold until the season ends."""
    fixed = FixedPeriod((4, 1), (10, 1))
    catalog = Unit(connect(), Memory()).ports.catalogs.current(NOW.now)
    seasonal = replace(catalog.skus[MONTHLY], fixed_period=fixed)
    grant = a_grant("ann")
    whole = Acquisition("t1", seasonal, NOW.now, grant.cause, grant.source, grant.channel)
    assert whole.length == (seasonal.duration, fixed)
    assert replace(whole, period=TEN_DAYS).length == (TEN_DAYS, None)
