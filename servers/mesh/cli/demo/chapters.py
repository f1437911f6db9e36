"""The five chapters, each on a mesh of its own, and what each found."""

from collections.abc import Mapping
from pathlib import Path

from servers.mesh.cli.demo import earning, figures, flash_sale, points_figures, scenes
from servers.mesh.cli.demo import points as scenes_of_points
from servers.mesh.cli.demo.check import Check, check_table, checks
from servers.mesh.cli.demo.risk import caught, released
from servers.mesh.cli.demo.risk import figures as risk_figures
from servers.mesh.cli.demo.risk.stage import risk_story
from servers.mesh.cli.demo.story import Figure, Story, local, tell
from servers.mesh.cli.messages import read_catalog, read_honey_rules, read_rules
from servers.mesh.cli.output import Output
from servers.mesh.cli.private_mesh import private_mesh
from servers.mesh.cli.replay.play import play
from servers.mesh.cli.replay.report import ReplayReport, report_lines


async def cards(output: Output, catalog: Path) -> list[Check]:
    """Chapter one: what members buy, give back and may not buy."""
    tell(
        output,
        "Chapter one: cards",
        "What three members buy, while two years go by on a clock that is moved. The mesh is a private "
        "one: SQLite and Valkey in a temporary folder.",
    )
    async with private_mesh() as mesh:
        story = Story(mesh, output)
        await mesh.clock.set(local("2026-11-22 09:00"), frozen=True)
        await mesh.catalog.apply_catalog(read_catalog(catalog))
        for scene in scenes.SCENES:
            await scene(story)
    return _checked(story, figures.EXPECTED)


async def abuse(output: Output, rules: Path) -> list[Check]:
    """Chapter two: a burst, and what becomes of who made it. `rules` are added to the shipped ones."""
    tell(
        output,
        "Chapter two: somebody guesses",
        "Somebody tries codes of cards that he does not have. Members come through a gateway, which signs "
        "for each of them; the mesh mails its alerts to a mailbox on this machine.",
    )
    async with risk_story(output, read_rules(rules)) as story:
        for scene in (*caught.SCENES, *released.SCENES):
            await scene(story)
    return _checked(story, risk_figures.EXPECTED)


async def purchases(output: Output, file: Path, catalog: Path, limit: int | None) -> ReplayReport:
    """Chapter three, which plays thirty years earlier."""
    tell(
        output,
        "Chapter three: real purchases",
        "6,919 purchases that 2,357 customers of a music shop made in 1997 and 1998. Each buys the card "
        "that its amount stands for, on its day. Then every timeline is compared with that of a second, "
        "naive implementation.",
    )
    async with private_mesh() as mesh:
        played = await play(mesh, output, file, catalog, limit=limit)
    if not output.as_json:
        output.show(*report_lines(played), "")
    return played


async def points(output: Output, rules: Path) -> list[Check]:
    """Chapter four: what becomes of points."""
    tell(
        output,
        "Chapter four: points",
        "A ledger of double entries: what one member earns, holds, spends and owes in ten days, and whether "
        "it adds up; and what another earns by rules, in tiers and tasks.",
    )
    async with private_mesh() as mesh:
        story = Story(mesh, output)
        await mesh.clock.set(local("2026-12-01 09:00"), frozen=True)
        await mesh.earning.apply_rules(read_honey_rules(rules))
        for scene in (*scenes_of_points.SCENES, *earning.SCENES):
            await scene(story)
    return _checked(story, points_figures.EXPECTED)


async def crowd(output: Output, catalog: Path, part: int) -> list[Check]:
    """Chapter five: a flash sale, with one of `part` members of the crowd."""
    async with private_mesh() as mesh:
        await mesh.catalog.apply_catalog(read_catalog(catalog))
        return await flash_sale.flash_sale(mesh, output, flash_sale.MEMBERS // part, flash_sale.CARDS // part)


def _checked(story: Story, expected: Mapping[str, Figure]) -> list[Check]:
    results = checks(story.seen, expected)
    story.tell("The figures", "Every figure of the chapter, beside what was worked out by hand.")
    story.output.show(check_table(results), "")
    return results
