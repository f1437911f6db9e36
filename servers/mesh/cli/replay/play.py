"""A whole replay: catalogue, purchases, comparison."""

import hashlib
from datetime import timedelta
from pathlib import Path

from clients import NotFound
from servers.mesh.cli.exits import CommandError
from servers.mesh.cli.messages import read_catalog
from servers.mesh.cli.output import Output
from servers.mesh.cli.replay.compare import compare, oracle_of
from servers.mesh.cli.replay.purchases import read_purchases
from servers.mesh.cli.replay.report import ReplayReport
from servers.mesh.cli.replay.run import run
from servers.mesh.cli.replay.schedule import waves
from servers.mesh.cli.replay.settings import read_settings
from servers.mesh.cli.session import Mesh


async def play(
    mesh: Mesh, output: Output, file: Path, config: Path, *, limit: int | None = None, comparing: bool = True
) -> ReplayReport:
    """Replays a file of purchases by the catalogue and the settings of `config`.

    The mesh must serve its clock, which ends on the day of the last purchase.
    """
    settings, catalog = read_settings(config), read_catalog(config)
    make_oracle = oracle_of(config) if comparing else None
    purchases, refusals = read_purchases(file, settings, limit)
    if not purchases:
        raise CommandError(f"{file}: no row can be read as a purchase")
    moments = list(waves(purchases, settings))
    await mesh.clock.set(moments[0].at - timedelta(days=1), frozen=True)
    await _require_empty(mesh, moments[0].purchases[0].member_id)
    await mesh.catalog.apply_catalog(catalog)
    with output.progress("replay", len(purchases)) as step:
        played = await run(mesh, moments, f"replay-{_fingerprint(file)}", step)
    comparison = None
    if make_oracle:
        members = len({purchase.member_id for purchase in purchases})
        with output.progress("compare with the oracle", members) as step:
            comparison = await compare(mesh, make_oracle, played.outcomes, step)
    refusals += [refused.as_refusal() for refused in played.refused]
    return ReplayReport(played, sorted(refusals, key=lambda one: one.line), comparison)


async def _require_empty(mesh: Mesh, member_id: str) -> None:
    """Members who hold cards already would make every comparison meaningless."""
    try:
        timeline = await mesh.identity.get_timeline(member_id)
    except NotFound:
        return
    if timeline.terms:
        raise CommandError(f"member {member_id} holds cards already", hint="replay into an empty mesh")


def _fingerprint(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
