"""The figures of docs/timeline.md are the worked examples, which both implementations are tested with.

`NECTARY_DOCS=write` draws them anew instead of comparing them.
"""

import os
import re

from tests.architecture.sources import ROOT
from tests.unit.docs.figures import drawn

PAGE = ROOT / "docs" / "timeline.md"
FIGURE = re.compile(r"(<!-- figure: (.+?) -->\n```text\n)(.*?)(```)", re.DOTALL)


def redrawn(text: str) -> str:
    return FIGURE.sub(lambda found: found[1] + drawn(found[2]) + found[4], text)


def test_every_figure_shows_what_the_rules_give() -> None:
    text = PAGE.read_text()
    if os.environ.get("NECTARY_DOCS") == "write":
        PAGE.write_text(redrawn(text))
        text = PAGE.read_text()

    assert text == redrawn(text)
    assert len(FIGURE.findall(text)) == text.count("<!-- figure:")
