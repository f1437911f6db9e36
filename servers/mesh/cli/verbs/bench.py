"""`nectary bench`: what this machine makes of a crowd."""

from pathlib import Path
from typing import Annotated

import typer

from servers.mesh.cli.exits import CommandError, Exit
from servers.mesh.cli.session import Session
from servers.mesh.cli.verb import verb

BARS = 60
PICTURE_BARS = 120


def register(app: typer.Typer) -> None:
    """Adds `seckill`."""
    verb(app, "seckill")(seckill)


async def seckill(
    session: Session,
    requests: Annotated[int, typer.Option(min=1, max=1_000_000, help="Members, who ask once each.")] = 10_000,
    stock: Annotated[int, typer.Option(min=1, max=1_000_000, help="Units on sale.")] = 1_000,
    in_flight: Annotated[int, typer.Option(min=1, max=400, help="Calls under way at any time.")] = 100,
    plot: Annotated[Path, typer.Option(metavar="OUT.svg", help="Where the picture goes.")] = Path(
        "nectary-bench-seckill.svg"
    ),
) -> Exit | None:
    """Sell in a flash sale to a crowd, and check that exactly the stock was sold.

    Every member asks once; answers are counted, timed and drawn over time. Runs in a private mesh that is
    thrown away, unless --target names another, where an activity of its own is left behind, closed. The
    crowd asks through the ordinary client from one process, which takes about as much CPU as the server:
    `make bench` measures the server alone. Exit status 1 if any figure is not as it must be.
    """
    from rich.text import Text

    from servers.mesh.cli.demo.check import check_table
    from servers.mesh.cli.drawing.answers import answer_bars, answers_svg, histogram
    from servers.mesh.cli.private_mesh import private_mesh
    from servers.mesh.cli.rush.audit import audit
    from servers.mesh.cli.rush.crowd import new_activity_id, open_sale, rush
    from servers.mesh.cli.rush.report import figure_table, figures, summary
    from servers.mesh.cli.rush.view import watched

    output = session.output
    async with session.connect() if session.asked_target else private_mesh() as mesh:
        sale = await open_sale(mesh, new_activity_id(), stock)
        with watched(output, requests, stock) as heard:
            await rush(mesh, sale, requests, in_flight, heard)
        results = await audit(mesh, sale, requests)
        await mesh.activities.close_activity(sale.activity_id)
    title = f"{requests:,} members for {stock:,} units"
    sold, refused = ([one.at for one in some] for some in (sale.sold, sale.refused))
    try:
        plot.write_text(answers_svg(histogram(sold, refused, PICTURE_BARS), title), "utf-8")
    except OSError as error:
        raise CommandError(f"{plot}: {error.strerror}") from error
    good = all(check.passed for check in results)
    output.document(
        {"good": good, **figures(sale), "plot": str(plot), "checks": [one.as_data() for one in results]}
    )
    bars = answer_bars(histogram(sold, refused, BARS))
    output.show(figure_table(sale), "", *bars, "", check_table(results), "", summary(sale))
    output.show(Text(f"Drawn in {plot}.") if good else "NOT everything is as it must be.")
    return None if good else Exit.FAILED
