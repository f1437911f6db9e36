"""How a sale goes, while it goes: two bars on standard error, if that is a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from servers.mesh.cli.output import Output
from servers.mesh.cli.rush.crowd import Heard

PER_SECOND = 10
RATE_EVERY = 50
"""Answers."""


@contextmanager
def watched(output: Output, requests: int, stock: int) -> Iterator[Callable[[Heard], None]]:
    """What is to be told of every answer."""
    if output.as_json or not output.errors.is_terminal:
        yield lambda one: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description:>9}"),
        BarColumn(40),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=output.errors, refresh_per_second=PER_SECOND, transient=True) as bars:
        answered = bars.add_task("answered", total=requests, rate="")
        sold = bars.add_task("sold", total=min(stock, requests), rate="")

        def told(one: Heard) -> None:
            bars.advance(answered)
            if one.order_id:
                bars.advance(sold)
            done = bars.tasks[0].completed
            if done % RATE_EVERY == 0:
                bars.update(answered, rate=f"{done / one.at:,.0f}/s")

        yield told
