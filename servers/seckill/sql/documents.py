"""An activity as the bytes of its row, and back. What SQL decides by stands in columns beside them."""

from functools import lru_cache
from typing import Any

import orjson

from domain.seckill.activity import Activity, ActivityState, BenefitItem, Item, Settings, SkuItem, Tranche
from domain.shared.money import Money


def encode(activity: Activity) -> bytes:
    return orjson.dumps(activity, option=orjson.OPT_SORT_KEYS)


@lru_cache(maxsize=1024)
def decode(content: bytes) -> Activity:
    """Remembered by its bytes: every group of a sale reads the same activity."""
    plain = orjson.loads(content)
    settings = plain["settings"]
    return Activity(
        **plain
        | {
            "state": ActivityState(plain["state"]),
            "settings": Settings(
                **settings
                | {
                    "item": _item(settings["item"]),
                    "price": Money(**settings["price"]),
                    "scenes": tuple(settings["scenes"]),
                    "tranches": tuple(map(_tranche, settings["tranches"])),
                }
            ),
        }
    )


def _item(plain: dict[str, Any]) -> Item:
    return SkuItem(**plain) if "sku_id" in plain else BenefitItem(**plain)


def _tranche(plain: dict[str, Any]) -> Tranche:
    return Tranche(**plain | {"sku_ids": tuple(plain["sku_ids"])})
