"""docs/operating.md has every setting with its default and its bounds, and every metric."""

from pathlib import Path

from prometheus_client import generate_latest

from servers.mesh.clock import SystemClock
from servers.mesh.config import SPECS, Config
from servers.mesh.judging.log import EventLog
from servers.mesh.judging.tally import Tally
from servers.mesh.limiting.keys import Keys
from servers.mesh.limiting.limiter import WindowLimiter
from servers.mesh.limiting.metrics import LimiterMetrics
from servers.mesh.metrics import Metrics
from servers.mesh.redis_clients import short_calls
from servers.seckill.gate.gate import Gate
from servers.seckill.metrics import SaleMetrics
from servers.seckill.sale.tally import Tally as SaleTally
from tests.architecture.sources import ROOT, sources
from tests.gate.ledger import Ledger
from tests.unit.docs.pages import table

PAGE = ROOT / "docs" / "operating.md"


def test_the_table_of_settings_is_that_of_the_code() -> None:
    written = {row[0]: (row[1], row[2]) for row in table(PAGE, "setting")}
    defaults = Config()
    assert written == {
        key: (shown(getattr(defaults, key)), as_cell(spec.allowed)) for key, spec in SPECS.items()
    }


def as_cell(text: str) -> str:
    """A bar would end the cell, and `table` strips backticks."""
    return text.replace(" | ", ", ").replace("`", "")


def shown(value: object) -> str:
    match value:
        case None | "":
            return "–"
        case bool():
            return "on" if value else "off"
        case Path():
            return str(value)
        case _:
            return f"{value:g}" if isinstance(value, float) else str(value)


def test_the_table_of_metrics_is_what_the_page_for_prometheus_shows() -> None:
    metrics = Metrics()
    metrics.tally("/a").end("OK", "", 0.001)
    metrics.registry.register(Tally(lambda: 0.0, lambda: 0))
    limiter = WindowLimiter(short_calls("redis://localhost"), Keys(bytes(16)), SystemClock(), "one")
    metrics.registry.register(LimiterMetrics(limiter))
    metrics.registry.register(EventLog([]))
    metrics.registry.register(SaleMetrics(SaleTally(), Gate(short_calls("redis://localhost"), Ledger())))
    types = [
        line.split()[2]
        for line in generate_latest(metrics.registry).decode().splitlines()
        if "# TYPE" in line
    ]
    assert [row[0] for row in table(PAGE, "metric")] == types


def test_the_log_lines_worth_an_alarm_are_written_somewhere() -> None:
    code = "\n".join(source.path.read_text() for source in sources("servers"))
    assert [row[0] for row in table(PAGE, "event") if f'"{row[0]}"' not in code] == []
