"""`nectary bench seckill`: it sells exactly the stock, says so, and draws it."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers.mesh.cli.drawing.answers import HEIGHT, TOP, WIDTH, answer_bars, answers_svg, histogram
from servers.mesh.cli.rush.crowd import Heard, Sale
from servers.mesh.cli.rush.report import figures, latencies_ms
from tests.scenario.cli.running import Nectary

INSTANTS = st.lists(st.floats(0, 50, allow_nan=False), max_size=60)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(("requests", "stock", "sold"), [(300, 40, 40), (30, 40, 30)])
def test_exactly_the_stock_is_sold_and_drawn(
    mesh: Nectary, tmp_path: Path, requests: int, stock: int, sold: int
) -> None:
    picture = tmp_path / "sale.svg"
    sizes = ["--requests", str(requests), "--stock", str(stock)]
    ended = mesh.json("bench", "seckill", "--target", mesh.target, *sizes, "--plot", str(picture))
    assert ended.status == 0, ended.err
    seen = ended.document
    assert seen["good"]
    assert (seen["requests"], seen["sold"], seen["stock"]) == (requests, sold, stock)
    assert seen["refused"] == ({"SOLD_OUT": requests - sold} if requests > sold else {})
    assert all(check["passed"] for check in seen["checks"])
    assert ET.parse(picture).getroot().tag == SVG + "svg"


def test_people_see_a_table_bars_and_the_checks(mesh: Nectary, tmp_path: Path) -> None:
    sizes = ["--requests", "200", "--stock", "20", "--plot", str(tmp_path / "sale.svg")]
    ended = mesh("bench", "seckill", "--target", mesh.target, *sizes)
    assert ended.status == 0, ended.err
    shown = ended.out.replace("\n", "")
    for expected in ("SOLD_OUT", "gate and books agree", "200 answers", "sale.svg"):
        assert expected in shown, "however narrow the terminal"


def test_a_picture_that_cannot_be_written_is_told(mesh: Nectary, tmp_path: Path) -> None:
    sizes = ["--requests", "5", "--stock", "5", "--plot", str(tmp_path / "no" / "sale.svg")]
    ended = mesh("bench", "seckill", "--target", mesh.target, *sizes)
    assert ended.status == 1
    assert "No such file" in ended.err


@given(sold=INSTANTS, refused=INSTANTS, count=st.integers(1, 40))
def test_every_answer_is_in_one_bar_and_every_bar_in_the_picture(
    sold: list[float], refused: list[float], count: int
) -> None:
    shown = histogram(sold, refused, count)
    assert (sum(shown.sold), sum(shown.refused)) == (len(sold), len(refused))
    assert all(len(line.plain) <= count + 20 for line in answer_bars(shown))
    root = ET.fromstring(answers_svg(shown, "<a & b>"))
    bars = [rect.attrib for rect in root.iter(SVG + "rect")][-2 * count :]
    assert len(bars) == 2 * count
    for bar in bars:
        assert float(bar["y"]) >= TOP - 0.01
        assert float(bar["y"]) + float(bar["height"]) <= HEIGHT
        assert 0 <= float(bar["x"]) <= WIDTH


def test_a_few_answers_beside_many_are_still_seen() -> None:
    bars = answer_bars(histogram([0.0], [1.0] * 1000, 10))
    assert bars[0].plain.removeprefix("sold").strip() == "▁"


def test_figures_of_a_sale_without_answers_are_none() -> None:
    assert latencies_ms([]) == {}
    assert figures(Sale("a", 5))["answers_per_second"] == 0


def test_latencies_are_those_of_the_answers() -> None:
    heard = [Heard(f"m{n}", n / 10, n / 1000, "", "SOLD_OUT") for n in range(1, 101)]
    assert latencies_ms(heard) == {"p50": 51.0, "p99": 100.0, "max": 100.0}
