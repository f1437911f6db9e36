"""The lock files hold what pyproject.toml asks for, and name no place on any network."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.architecture.sources import ROOT
from tools.check_floors import FLOORS, complaints, pins

EVERYTHING, SERVER = ROOT / "requirements.lock", ROOT / "requirements-server.lock"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CLIENT = tomllib.loads((ROOT / "clients" / "pyproject.toml").read_text())


def unmet(requirements: list[str], lock: Path) -> list[str]:
    """The requirements that the pins of a lock do not meet."""
    pinned = pins(lock)
    asked = [Requirement(each) for each in requirements]
    return [str(each) for each in asked if each.name not in pinned or pinned[each.name] not in each.specifier]


def test_the_lock_meets_every_requirement_of_servers_and_tools() -> None:
    assert not unmet(PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"], EVERYTHING)


def test_the_image_installs_a_part_of_the_lock_without_the_tools() -> None:
    assert not unmet(PROJECT["project"]["dependencies"], SERVER)
    assert pins(SERVER).items() <= pins(EVERYTHING).items()
    assert not {"pytest", "mypy", "ruff"} & pins(SERVER).keys()


def test_the_clients_ask_for_the_same_versions_as_the_servers() -> None:
    assert set(CLIENT["project"]["dependencies"]) <= set(PROJECT["project"]["dependencies"])


@pytest.mark.parametrize("lock", [EVERYTHING, SERVER], ids=lambda lock: lock.name)
def test_a_lock_has_a_hash_for_each_pin_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert len(re.findall(r"^\S.*\n +--hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)) == len(pins(lock))
    assert "://" not in text
    assert "--index" not in text


def test_a_pin_below_a_floor_and_a_missing_pin_are_told_apart(tmp_path: Path) -> None:
    lock = tmp_path / "old.lock"
    lock.write_text("".join(f"{name}=={floor}\n" for name, (floor, _) in FLOORS.items() if name != "redis"))
    assert [line.split(": ")[1] for line in complaints(lock)] == [
        "redis is not pinned, so nothing keeps it above 4.5.5 (CVE-2023-28858, -28859"
    ]
    lock.write_text(lock.read_text().replace("grpcio==1.65.4", "grpcio==1.60.0") + "redis==8.1.0\n")
    assert [line.split(" is below")[0] for line in complaints(lock)] == [f"{lock}: grpcio 1.60.0"]
