"""A sale in figures: for people a table, for programs a document."""

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.table import Table

from servers.mesh.cli.output import plain
from servers.mesh.cli.rush.crowd import Heard, Sale


def latencies_ms(heard: Sequence[Heard]) -> Mapping[str, float]:
    """p50, p99 and the longest; empty without answers."""
    seconds = sorted(one.seconds for one in heard)
    if not seconds:
        return {}
    shares = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    places = {name: min(len(seconds) - 1, int(share * len(seconds))) for name, share in shares.items()}
    return {name: round(seconds[place] * 1000, 1) for name, place in places.items()}


def figures(sale: Sale) -> dict[str, object]:
    """All that was measured."""
    last = max((one.at for one in sale.sold), default=0.0)
    return {
        "requests": len(sale.heard),
        "stock": sale.stock,
        "sold": len(sale.sold),
        "refused": dict(Counter(one.reason for one in sale.refused)),
        "seconds": round(sale.seconds, 3),
        "answers_per_second": round(len(sale.heard) / sale.seconds) if sale.seconds else 0,
        "last_sale_after_seconds": round(last, 3),
        "sold_ms": latencies_ms(sale.sold),
        "refused_ms": latencies_ms(sale.refused),
    }


def figure_table(sale: Sale) -> Table:
    """Answers by kind, and how long they took."""
    table = Table(
        "answer", "members", "first s", "last s", "p50 ms", "p99 ms", "max ms", box=None, padding=(0, 2, 0, 0)
    )
    kinds: dict[str, list[Heard]] = {"sold": sale.sold}
    for one in sale.refused:
        kinds.setdefault(one.reason, []).append(one)
    for kind, heard in kinds.items():
        if heard:
            times = [one.at for one in heard]
            cells = [
                f"{min(times):.2f}",
                f"{max(times):.2f}",
                *(f"{each:,.1f}" for each in latencies_ms(heard).values()),
            ]
            table.add_row(plain(kind), f"{len(heard):,}", *cells)
    return table


def summary(sale: Sale) -> str:
    rate = len(sale.heard) / sale.seconds if sale.seconds else 0.0
    last = max((one.at for one in sale.sold), default=0.0)
    return (
        f"{len(sale.heard):,} answers in {sale.seconds:.2f} s, {rate:,.0f} a second. The last of "
        f"{len(sale.sold):,} units was sold after {last:.2f} s, each committed before its buyer was told."
    )
