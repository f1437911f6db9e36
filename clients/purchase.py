"""A purchase as it is asked about, ordered and explained: always the same five fields."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nectary.identity.v1 import catalog_pb2 as catalog


@dataclass(frozen=True)
class Purchase:
    """Who would buy what, where and how."""

    member_id: str
    sku_id: str
    source: str
    channel: catalog.AcquisitionChannel.ValueType
    fingerprints: Sequence[str] = ()
    """Of the buyer, for trials; hashed by the caller."""

    def fields(self) -> dict[str, Any]:
        """As the requests of the contract name them."""
        return {
            "member_id": self.member_id,
            "sku_id": self.sku_id,
            "source": self.source,
            "acquisition_channel": self.channel,
            "fingerprints": self.fingerprints,
        }
