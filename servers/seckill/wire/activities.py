"""Activities on the wire."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from domain.seckill.activity import Activity, BenefitItem, Item, Settings, SkuItem, Standing, Tranche
from domain.seckill.operating import unknown_settings
from domain.shared.instants import SECOND
from nectary.seckill.v1 import seckill_pb2 as pb
from servers.mesh.timestamps import duration_of, instant_of, microseconds_of, timestamp_of
from servers.seckill.wire.values import (
    ACTIVITY_STATES,
    money,
    optional_instant,
    optional_timestamp,
    own_money,
)


def settings_of(message: pb.ActivitySettings) -> Settings:
    """What a message says; the rules refuse what it leaves out."""
    return Settings(**{own: read(message) for own, read in _READERS.values()})


def changed_settings(message: pb.ActivitySettings, paths: Sequence[str]) -> Mapping[str, Any]:
    """Those that a mask names, by their own names. Raises Invalid if it names what is no setting."""
    unknown = [path for path in paths if path not in _READERS]
    if unknown or not paths or len(set(paths)) < len(paths):
        raise unknown_settings(unknown)
    return {own: read(message) for own, read in (_READERS[path] for path in paths)}


def activity(own: Activity) -> pb.Activity:
    return pb.Activity(
        activity_id=own.activity_id,
        revision=own.revision,
        state=ACTIVITY_STATES.wire(own.state),
        settings=_settings(own.settings),
        create_time=timestamp_of(own.created),
        update_time=timestamp_of(own.updated),
    )


def stock(own: Standing) -> pb.Stock:
    settings = own.activity.settings
    return pb.Stock(
        stock=settings.stock,
        taken=own.total_taken,
        tranches=[
            pb.TrancheStock(number=part.number, stock=part.stock, taken=own.taken.get(part.number, 0))
            for part in settings.parts
        ],
        read_time=timestamp_of(own.read),
    )


def _settings(own: Settings) -> pb.ActivitySettings:
    return pb.ActivitySettings(
        title=own.title,
        item=_item(own.item),
        price=money(own.price),
        open_time=timestamp_of(own.opens),
        close_time=timestamp_of(own.closes),
        stock=own.stock,
        member_limit=own.member_limit,
        payment_timeout=duration_of(own.payment_seconds * SECOND),
        scenes=own.scenes,
        tranches=[
            pb.Tranche(stock=part.stock, sku_ids=part.sku_ids, release_time=optional_timestamp(part.release))
            for part in own.tranches
        ],
    )


def _item(own: Item) -> pb.Item:
    if isinstance(own, SkuItem):
        return pb.Item(sku_id=own.sku_id)
    return pb.Item(benefit_id=own.benefit_id)


def _own_item(message: pb.Item) -> Item:
    if message.WhichOneof("kind") == "benefit_id":
        return BenefitItem(message.benefit_id)
    return SkuItem(message.sku_id)


def _own_tranches(messages: Sequence[pb.Tranche]) -> tuple[Tranche, ...]:
    return tuple(
        Tranche(number, one.stock, tuple(one.sku_ids), optional_instant(one, "release_time"))
        for number, one in enumerate(messages, start=1)
    )


_READERS: Mapping[str, tuple[str, Callable[[pb.ActivitySettings], Any]]] = {
    "title": ("title", lambda message: message.title),
    "item": ("item", lambda message: _own_item(message.item)),
    "price": ("price", lambda message: own_money(message.price)),
    "open_time": ("opens", lambda message: instant_of(message.open_time)),
    "close_time": ("closes", lambda message: instant_of(message.close_time)),
    "stock": ("stock", lambda message: message.stock),
    "member_limit": ("member_limit", lambda message: message.member_limit),
    "payment_timeout": (
        "payment_seconds",
        lambda message: microseconds_of(message.payment_timeout) // SECOND,
    ),
    "scenes": ("scenes", lambda message: tuple(message.scenes)),
    "tranches": ("tranches", lambda message: _own_tranches(message.tranches)),
}
"""Name of a field -> the own name of the setting, and how it is read."""
