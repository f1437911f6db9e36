"""The demo's last chapter: a crowd, an audit, and one buyer who pays and gets his card."""

from servers.mesh.cli.demo.flash_sale import flash_sale
from servers.mesh.cli.output import Output
from servers.mesh.cli.session import open_mesh
from tests.scenario.cli.running import Nectary


async def test_every_figure_of_the_chapter_is_as_it_must_be(mesh: Nectary) -> None:
    async with open_mesh(mesh.target) as clients:
        checks = await flash_sale(clients, Output(as_json=True), members=120, cards=12)
    assert [check for check in checks if not check.passed] == []
    assert checks[-1].seen == "gold_annual"
