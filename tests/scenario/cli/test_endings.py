"""How commands end without a server: statuses, words, JSON. And that help comes at once."""

import json
import subprocess
import sys

import grpc
import pytest
from typer.testing import CliRunner

from clients import (
    DeadlineExceeded,
    Forbidden,
    Internal,
    InvalidRequest,
    NectaryError,
    NotFound,
    Raced,
    Refused,
    Throttled,
    Unauthenticated,
    Unavailable,
    Violation,
)
from servers.mesh.cli.app import make_app
from servers.mesh.cli.exits import Exit
from servers.mesh.cli.failures import tell
from servers.mesh.cli.output import Output
from servers.mesh.cli.session import Session
from tests.scenario.cli.running import CATALOG, nectary, nectary_process

NOBODY = "127.0.0.1:1"


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from servers.mesh.cli.app import make_app\n"
        "assert CliRunner().invoke(make_app(), ['--help']).exit_code == 0\n"
        "print([name for name in ('grpc', 'sqlalchemy', 'google', 'yaml', 'redis') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "command",
    [
        "serve", "migrate", "doctor", "replay", "demo", "identity rebuild", "events tail",
        "catalog plan", "catalog apply", "catalog show", "cards create", "cards void",
        "clock get", "clock set", "clock advance",
        "member show", "member preview", "member explain", "member grant", "member refund",
        "member reinstate", "member pause", "member resume", "member extend",
    ],
)  # fmt: skip
def test_every_command_says_what_it_does_and_offers_json(command: str) -> None:
    result = CliRunner().invoke(make_app(), [*command.split(), "--help"])
    assert result.exit_code == 0
    assert "--json" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("member", "show"),
        ("member", "show", "ann", "--as-of", "yesterday"),
        ("member", "show", "ann", "--zone", "Asia/Nowhere", "--as-of", "2027-01-01"),
        ("member", "preview", "ann", "gold_annual", "--channel", "pigeon"),
        ("clock", "advance", "soon"),
        ("serve", "all", "--listen", "somewhere"),
        ("nonsense",),
    ],
)
def test_what_cannot_be_understood_ends_with_two(arguments: tuple[str, ...]) -> None:
    ended = nectary(*arguments, NECTARY_TARGET=NOBODY)
    assert (ended.status, ended.out) == (2, "")
    assert "Traceback" not in ended.err


def test_a_shell_sees_the_status_and_no_trace() -> None:
    ended = nectary_process("clock", "advance", "soon", "--json", NECTARY_TARGET=NOBODY)
    assert (ended.status, ended.out) == (2, "")
    assert ended.error["hint"] == "90s, 15m, 36h, 30d, 2w or 1d12h"


def test_nobody_there_ends_with_four_and_says_where_it_looked() -> None:
    ended = nectary("member", "show", "ann", NECTARY_TARGET=NOBODY)
    assert ended.status == 4
    assert f"nobody answers at {NOBODY} (NECTARY_TARGET)" in ended.err
    assert "Traceback" not in ended.err
    assert nectary("member", "show", "ann", "--json", "--target", NOBODY).error["code"] == "UNAVAILABLE"


def test_debug_shows_where_an_error_arose() -> None:
    assert "Traceback" in nectary("clock", "get", "--debug", NECTARY_TARGET=NOBODY).err


def test_a_bad_file_ends_with_one_not_with_changes_pending() -> None:
    assert nectary("catalog", "plan", "nowhere.yaml", NECTARY_TARGET=NOBODY).status == 1


def test_bad_settings_are_all_named() -> None:
    ended = nectary("serve", "all", "--set", "workers=many", "--set", "colour=red", "--json")
    assert ended.status == 1
    assert [one["field"] for one in ended.error["violations"]] == ["workers", "colour"]


def test_the_doctor_fails_when_nobody_answers() -> None:
    ended = nectary("doctor", "--json", NECTARY_TARGET=NOBODY, NECTARY_DATA_FOLDER="/nonexistent")
    assert ended.status == 1
    assert ended.document["verdict"] == "fail"
    assert ended.document["findings"][0]["what"] == "mesh"
    assert nectary("doctor", "--health", NECTARY_TARGET=NOBODY).status == 1


def test_the_replay_needs_a_document_that_says_how(tmp_path_factory: pytest.TempPathFactory) -> None:
    config = tmp_path_factory.mktemp("replay") / "catalog.yaml"
    config.write_text(CATALOG.read_text().partition("\n---\n")[0])
    ended = nectary("replay", "x.csv", "--config", str(config), "--target", NOBODY)
    assert (ended.status, "no document `replay:`" in ended.err) == (1, True)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (InvalidRequest, Exit.FAILED),
        (NotFound, Exit.FAILED),
        (Refused, Exit.REFUSED),
        (Raced, Exit.FAILED),
        (Throttled, Exit.FAILED),
        (Forbidden, Exit.DENIED),
        (Unauthenticated, Exit.DENIED),
        (Unavailable, Exit.UNREACHABLE),
        (DeadlineExceeded, Exit.UNREACHABLE),
        (Internal, Exit.FAILED),
    ],
)
def test_every_kind_of_error_has_its_status(
    kind: type[NectaryError], status: Exit, capsys: pytest.CaptureFixture[str]
) -> None:
    error = kind(
        grpc.StatusCode.UNKNOWN,
        "no",
        reason="BECAUSE",
        metadata={"member_id": "\x1b[2Jann"},
        violations=[Violation("sku_id", "PATTERN", "is odd")],
        retry_after_seconds=2.5,
    )
    assert tell(error, Session(Output(as_json=False), asked_target=NOBODY)) is status
    told = capsys.readouterr()
    assert told.out == ""
    assert "error: BECAUSE: no" in told.err
    assert "sku_id: is odd" in told.err
    assert "\x1b" not in told.err
    tell(error, Session(Output(as_json=True), asked_target=NOBODY))
    data = json.loads(capsys.readouterr().err)["error"]
    assert sorted(data) == ["code", "hint", "message", "metadata", "reason", "violations"]
