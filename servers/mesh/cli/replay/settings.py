"""How a file of purchases is read: the `replay` document of a catalogue file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from nectary.identity.v1 import catalog_pb2
from servers.mesh.cli.exits import CommandError, UsageError
from servers.mesh.cli.files import FileError, Flaw, line_of, read_documents
from servers.mesh.cli.moments import zone_of


@dataclass(frozen=True)
class Band:
    """From this amount on, up to the next band's, a purchase is one of this SKU."""

    from_amount: Decimal
    sku_id: str
    source: str
    channel: catalog_pb2.AcquisitionChannel.ValueType


@dataclass(frozen=True)
class ReplaySettings:
    """The document, read."""

    member_column: str
    date_column: str
    amount_column: str
    zone: ZoneInfo
    time_of_day: time
    """Of a member's first purchase of a day; each further one follows a second later."""
    bands: tuple[Band, ...]
    """By rising amount."""

    def band_of(self, amount: Decimal) -> Band | None:
        """The highest band that an amount reaches."""
        reached = (band for band in reversed(self.bands) if band.from_amount <= amount)
        return next(reached, None)


def read_settings(path: Path) -> ReplaySettings:
    """The document of a file whose one key is `replay`. Raises FileError, or CommandError without one."""
    for document in read_documents(path):
        if isinstance(document, yaml.MappingNode) and [key.value for key, _ in document.value] == ["replay"]:
            return _Reading(path).settings(document.value[0][1])
    raise CommandError(f"{path}: no document `replay:` says which card an amount buys")


class _Reading:
    def __init__(self, path: Path) -> None:
        self._path = path

    def settings(self, node: yaml.Node) -> ReplaySettings:
        fields = self._fields(node, "replay", {"columns", "zone", "time_of_day", "bands"})
        columns = self._fields(fields["columns"], "replay.columns", {"member", "date", "amount"})
        bands = fields["bands"]
        if not isinstance(bands, yaml.SequenceNode) or not bands.value:
            raise self._flaw(bands, "replay.bands", "a list of at least one band is wanted")
        read = [self._band(band, f"replay.bands[{index}]") for index, band in enumerate(bands.value)]
        return ReplaySettings(
            member_column=self._text(columns["member"], "replay.columns.member"),
            date_column=self._text(columns["date"], "replay.columns.date"),
            amount_column=self._text(columns["amount"], "replay.columns.amount"),
            zone=self._zone(fields["zone"]),
            time_of_day=self._time(fields["time_of_day"]),
            bands=tuple(sorted(read, key=lambda band: band.from_amount)),
        )

    def _band(self, node: yaml.Node, where: str) -> Band:
        fields = self._fields(node, where, {"from_amount", "sku_id", "source", "channel"})
        amount, channel = self._text(fields["from_amount"], where), self._text(fields["channel"], where)
        try:
            return Band(
                Decimal(amount),
                self._text(fields["sku_id"], where),
                self._text(fields["source"], where),
                catalog_pb2.AcquisitionChannel.Value(channel),
            )
        except InvalidOperation as error:
            raise self._flaw(node, where, f"no amount: {amount!r}") from error
        except ValueError as error:
            raise self._flaw(node, where, f"no such channel: {channel!r}") from error

    def _zone(self, node: yaml.Node) -> ZoneInfo:
        try:
            return zone_of(self._text(node, "replay.zone"))
        except UsageError as error:
            raise self._flaw(node, "replay.zone", error.message) from error

    def _time(self, node: yaml.Node) -> time:
        try:
            return time.fromisoformat(self._text(node, "replay.time_of_day"))
        except ValueError as error:
            raise self._flaw(node, "replay.time_of_day", "a time such as 12:00:00 is wanted") from error

    def _fields(self, node: yaml.Node, where: str, names: set[str]) -> Mapping[str, yaml.Node]:
        """Exactly these fields."""
        found = (
            {str(key.value): value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}
        )
        if found.keys() != names:
            raise self._flaw(node, where, f"the fields must be {', '.join(sorted(names))}")
        return found

    def _text(self, node: yaml.Node, where: str) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self._flaw(node, where, "one value is wanted here")
        return str(node.value)

    def _flaw(self, node: yaml.Node, where: str, what: str) -> FileError:
        return FileError(self._path, [Flaw(line_of(node), where, what)])
