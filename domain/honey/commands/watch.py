"""What a member is told beside transactions: what becomes of the tier, and points that expire soon."""

from dataclasses import dataclass, replace

from domain.honey.due import opened
from domain.honey.ladders import Climb
from domain.honey.noticing import PointsExpiringSoon, horizon, turn_for
from domain.honey.ports import HoneyPorts
from domain.honey.wallet import BY_ITSELF
from domain.honey.wallets import Standing, owner_of
from domain.shared.doing import Doing


@dataclass(frozen=True, slots=True)
class Watched:
    """The wallet of the member."""

    wallet_id: str


def tell_tier(command: Watched, ports: HoneyPorts, doing: Doing) -> Standing:
    """What became of the tier since one last looked. Late or twice: the same (HO-11)."""
    wallet = opened(ports, command.wallet_id, doing, BY_ITSELF)
    climb = climb_of(ports, command.wallet_id)
    if climb is None:
        wallet.watch(replace(wallet.standing.watch, tier_turn=None))
        return wallet.close()
    watch = wallet.standing.watch
    first = min((movement.recorded for movement in climb.movements), default=wallet.now)
    events = climb.told(first - 1 if watch.looked is None else watch.looked, wallet.now)
    ports.notices.tell(wallet.standing, events, doing)
    period, lacking = climb.room(wallet.now)
    wallet.watch(
        replace(
            wallet.standing.watch,
            looked=wallet.now,
            tier_turn=climb.next_turn(wallet.now),
            period=period,
            lacking=lacking,
            told=watch.told + len(events),
        )
    )
    return wallet.close()


def tell_expiry(command: Watched, ports: HoneyPorts, doing: Doing) -> Standing:
    """Points that expire within the programme's notice, once for each instant at which some do."""
    wallet = opened(ports, command.wallet_id, doing, BY_ITSELF)
    watch, notice, zone = wallet.standing.watch, wallet.programme.notice, wallet.programme.zone
    if notice is None:
        wallet.watch(replace(watch, notice_turn=None))
        return wallet.close()
    until = max(horizon(wallet.now, notice, zone), watch.noticed)
    found = ports.lots.expiring(command.wallet_id, max(watch.noticed, wallet.now + 1), until)
    events = [PointsExpiringSoon(points, expires) for expires, points in sorted(found.items())]
    ports.notices.tell(wallet.standing, events, doing)
    following = ports.lots.next_expiry(command.wallet_id, until)
    turn = None if following is None else turn_for(following, notice, zone)
    told = watch.told + len(events)
    wallet.watch(replace(watch, noticed=until, notice_turn=turn, told=told))
    return wallet.close()


def climb_of(ports: HoneyPorts, wallet_id: str) -> Climb | None:
    """None if the programme has no tiers. Raises NotFound (PROGRAMME_NOT_FOUND)."""
    programme_id, _ = owner_of(wallet_id)
    ladders = ports.programmes.ladders(programme_id)
    return Climb(ladders, ports.movements.of(wallet_id)) if ladders else None
