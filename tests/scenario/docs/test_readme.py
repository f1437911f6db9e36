"""The README's example does what it says, on a mesh with the example catalogue."""

import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import ROOT
from tests.scenario.cli.running import CATALOG, environment, serving
from tests.unit.docs.pages import fenced

ADDRESS = '"127.0.0.1:50051"'


def test_the_example_sells_a_card(tmp_path: Path) -> None:
    (example,) = fenced(ROOT / "README.md", "python")
    assert ADDRESS in example
    with serving(tmp_path / "data") as command:
        assert command("clock", "set", "2027-01-01T10:00", "--frozen").status == 0
        assert command("catalog", "apply", str(CATALOG)).status == 0
        script = tmp_path / "example.py"
        script.write_text(example.replace(ADDRESS, repr(command.target)))
        ran = subprocess.run(
            [sys.executable, str(script)],
            env=environment(),
            check=True,
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert ran.stdout == "gold_quarterly through 2027-04-01\n"
        assert command("member", "show", "ann").status == 0
        assert "holders of gold_quarterly" in command("member", "explain", "ann", "gold_trial").out
