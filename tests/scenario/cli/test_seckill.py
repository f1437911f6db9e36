"""`nectary seckill` against a running server, as scripts and people use it."""

import json
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.scenario.cli.running import EXAMPLES, Nectary, following, serving
from tests.servers import free_port

EXAMPLE = EXAMPLES / "seckill.example.yaml"


def declared_in(folder: Path, mesh: Nectary, stock: int = 3) -> tuple[str, str]:
    """Makes a file of an activity that sells from now for an hour: its id, and its path."""
    now = datetime.fromisoformat(mesh.json("clock", "get").document["time"])
    activity_id = f"sale_{uuid.uuid4().hex[:12]}"
    settings = {
        "title": "Gold for a song",
        "item": {"sku_id": "gold_annual"},
        "price": {"currency": "CNY", "amount_minor": 9900},
        "open_time": now.isoformat(),
        "close_time": (now + timedelta(hours=1)).isoformat(),
        "stock": stock,
        "member_limit": 1,
        "payment_timeout": "900s",
    }
    path = folder / f"{activity_id}.json"
    path.write_text(json.dumps({"activity_id": activity_id, "settings": settings}))
    return activity_id, str(path)


@pytest.fixture
def declared(mesh: Nectary, tmp_path: Path) -> Callable[..., tuple[str, str]]:
    return partial(declared_in, tmp_path, mesh)


Declared = Callable[..., tuple[str, str]]


def test_the_example_is_an_activity(mesh: Nectary) -> None:
    created = mesh.json("seckill", "create", str(EXAMPLE), "--request-id", "the-example")
    assert (created.status, created.document["state"]) == (0, "ACTIVITY_STATE_DRAFT")
    shown = mesh("seckill", "show", "gold_new_year")
    assert "gold_annual for 99.00 CNY, 1 a member" in shown.out
    assert "0 of 1,000 taken, 1,000 left" in shown.out
    assert "1: 0 of 100 taken, for gold_quarterly" in shown.out


def test_a_sale_from_its_file_to_its_end(mesh: Nectary, declared: Declared, member: str) -> None:
    activity_id, path = declared(stock=2)
    assert mesh("seckill", "create", path).out == f"{activity_id} is draft, revision 1\n"
    assert activity_id in mesh("seckill", "list", "--state", "draft").out
    assert mesh("seckill", "publish", activity_id).out == f"{activity_id} is published, revision 2\n"
    bought = mesh("seckill", "reserve", activity_id, member)
    assert (bought.status, ": 99.00 CNY, to be paid until " in bought.out) == (0, True)
    again = mesh.json("seckill", "reserve", activity_id, member)
    assert (again.status, again.error["reason"]) == (3, "MEMBER_LIMIT_REACHED")
    assert "1 of 2 taken, 1 left" in mesh("seckill", "show", activity_id).out
    [order] = mesh.json("seckill", "orders", "--member", member).document["orders"]
    cancelled = mesh("seckill", "cancel", order["order_id"], "--reason", "a whim")
    assert cancelled.out.endswith("cancelled: a whim\n")
    assert mesh("seckill", "change", activity_id, "--stock", "1", "--title", "One card").status == 0
    assert mesh("seckill", "close", activity_id).out == f"{activity_id} is closed, revision 4\n"
    over = mesh.json("seckill", "reserve", activity_id, member)
    assert (over.status, over.error["reason"]) == (3, "ACTIVITY_CLOSED")


def test_a_change_needs_something_to_change(mesh: Nectary) -> None:
    assert mesh("seckill", "change", "nothing").status == 2
    assert mesh("seckill", "orders").status == 2
    missing = mesh.json("seckill", "change", "nothing", "--stock", "5")
    assert (missing.status, missing.error["reason"]) == (1, "ACTIVITY_NOT_FOUND")


def test_what_is_wrong_with_a_file_is_named(mesh: Nectary, declared: Declared, tmp_path: Path) -> None:
    _, path = declared()
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(Path(path).read_text().replace("title", "titel"))
    assert "no such field; is title meant?" in mesh("seckill", "create", str(wrong)).err
    wrong.write_text(Path(path).read_text().replace('"stock": 3', '"stock": 0'))
    refused = mesh.json("seckill", "create", str(wrong))
    assert [one["field"] for one in refused.error["violations"]] == ["settings.stock"]


def test_a_reconciliation_says_that_gate_and_database_agree(
    mesh: Nectary, declared: Declared, member: str
) -> None:
    activity_id, path = declared()
    assert mesh("seckill", "create", path, "--publish").status == 0
    assert mesh("seckill", "reserve", activity_id, member).status == 0
    assert mesh("seckill", "reconcile", activity_id, "--repair").status == 0
    found = mesh("seckill", "reconcile", activity_id)
    assert (found.status, "gate and database agree" in found.out) == (0, True)
    [tranche] = mesh.json("seckill", "reconcile", activity_id).document["gate"]
    assert (tranche["stock"], tranche["left"], tranche["held"]) == (3, 2, 1)


def test_a_watch_shows_each_change(mesh: Nectary, declared: Declared, member: str) -> None:
    activity_id, path = declared(stock=1)
    mesh("seckill", "create", path, "--publish")
    with following(mesh.target, "seckill", "watch", activity_id, "--json") as lines:
        assert json.loads(lines.readline())["stock"]["taken"] == 0
        mesh("seckill", "reserve", activity_id, member)
        assert json.loads(lines.readline())["stock"]["taken"] == 1
    sold = mesh("seckill", "watch", activity_id, "--until-sold")
    assert (sold.status, "1 of 1 taken, 0 left  published" in sold.out) == (0, True)


def test_a_watch_outlives_its_server(tmp_path: Path, member: str) -> None:
    """It hears of what is taken once the server is back."""
    folder, listen = tmp_path / "data", f"127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        with serving(folder, listen) as mesh:
            activity_id, path = declared_in(tmp_path, mesh)
            mesh("seckill", "create", path, "--publish")
            lines = stack.enter_context(following(listen, "seckill", "watch", activity_id, "--json"))
            assert json.loads(lines.readline())["stock"]["taken"] == 0
        with serving(folder, listen) as mesh:
            assert mesh("seckill", "reserve", activity_id, member).status == 0
            while json.loads(lines.readline())["stock"]["taken"] == 0:
                pass
