"""docker-compose.yml and the Dockerfile say what the servers understand. The schema is `make lint`'s."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from servers.mesh.config import SPECS, load
from tests.architecture.sources import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "nectary"}
SERVED = OURS.keys() - {"migrate"}
INTERPOLATION = re.compile(r"\$\{(\w+)(?::([?+-])([^}]*))?\}")
COMMANDS = {"NECTARY_CA", "NECTARY_CERT", "NECTARY_KEY"}
"""What `nectary doctor` proves by who asks."""


def environment_of(service: dict[str, Any], **given: str) -> dict[str, str]:
    """What the container sees if every required secret is `secret`, and of the rest these are set."""

    def value(match: re.Match[str]) -> str:
        name, kind, word = match.groups()
        if kind == "?":
            return "secret"
        return word if (kind == "+") is (name in given) else given.get(name, "")

    return {name: INTERPOLATION.sub(value, str(raw)) for name, raw in service["environment"].items()}


@pytest.mark.parametrize("given", [{}, {"NECTARY_TLS_DOMAIN": "mesh.example"}], ids=["plain", "TLS"])
@pytest.mark.parametrize("name", OURS)
def test_a_service_starts_with_settings_that_exist_and_are_valid(name: str, given: dict[str, str]) -> None:
    given = environment_of(OURS[name], **given) | dict(re.findall(r"(NECTARY_\w+)=(\S+)", DOCKERFILE))
    assert {key.removeprefix("NECTARY_").lower() for key in given.keys() - COMMANDS} <= SPECS.keys()
    config = load(None, given)
    assert config.store_url == "mysql://nectary:secret@mysql:3306/nectary"
    assert not config.trusts_local_caller


@pytest.mark.parametrize("name", sorted(SERVED))
def test_a_service_has_a_certificate_of_its_own_where_there_is_a_domain(name: str) -> None:
    """Whoever asks Identity must be somebody: Seckill, of its target."""
    plain, given = (
        environment_of(OURS[name], **more) for more in ({}, {"NECTARY_TLS_DOMAIN": "mesh.example"})
    )
    assert load(None, plain).tls_cert is None
    config = load(None, given)
    assert (str(config.tls_cert), str(config.tls_key)) == (
        f"/etc/nectary/{name}.pem",
        f"/etc/nectary/{name}.key",
    )
    assert (config.tls_domain, str(config.tls_ca)) == ("mesh.example", "/etc/nectary/ca.pem")
    asks = (given["NECTARY_CA"], given["NECTARY_CERT"], given["NECTARY_KEY"])
    assert asks == tuple(map(str, (config.tls_ca, config.tls_cert, config.tls_key)))
    assert not config.identity_target or config.identity_target.partition(":")[0] in SERVED


def test_no_secret_is_written_down() -> None:
    secrets = [
        str(value)
        for service in COMPOSE["services"].values()
        for name, value in service.get("environment", {}).items()
        if name.endswith(("_PASSWORD", "_URL", "AUTH")) and name != "MYSQL_RANDOM_ROOT_PASSWORD"
    ]
    assert secrets
    assert all(":?" in value for value in secrets)


def test_migrations_are_done_before_a_service_starts_and_once() -> None:
    for name in SERVED:
        assert OURS[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert OURS["migrate"]["restart"] == "no"
    assert "migrate" not in OURS["migrate"]["depends_on"]


def test_nothing_is_published_but_on_loopback() -> None:
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_a_container_has_longer_to_stop_than_the_server_takes_to_drain() -> None:
    for name in SERVED:
        config = load(None, environment_of(OURS[name]))
        stop_seconds = int(OURS[name]["stop_grace_period"].removesuffix("s"))
        assert stop_seconds > config.drain_wait_seconds + config.drain_grace_seconds


def test_every_service_of_the_mesh_has_a_container() -> None:
    slices = {path.parent.name for path in (ROOT / "servers").glob("*/servicer.py")}
    assert slices <= SERVED
    assert all(OURS[name]["command"] == ["serve", name] for name in SERVED)


def test_what_the_image_copies_exists_and_is_let_through() -> None:
    let_through = (ROOT / ".dockerignore").read_text().splitlines()
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    for source in (name for copy in copies for name in copy.split()):
        assert (ROOT / source).exists()
        assert f"!{source}" in let_through


def commands() -> list[list[str]]:
    """What containers and CI run: the image's health check, each service's command, the demo of `.ci/run`."""
    health = re.findall(r'HEALTHCHECK .* CMD \["nectary", (.+)\]', DOCKERFILE)
    demo = re.findall(r"make demo ARGS=(\S+)", (ROOT / ".ci" / "run").read_text())
    assert len(health) == len(demo) == 1
    return [
        *(service["command"] for service in OURS.values()),
        re.findall(r'"([^"]+)"', health[0]),
        ["demo", *demo],
    ]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_the_command_line_knows_what_containers_and_ci_run(command: list[str]) -> None:
    verb, *options = (word for word in command if word not in SERVED)
    help_text = subprocess.run(
        [Path(sys.executable).with_name("nectary"), verb, "--help"],
        env=os.environ | {"NO_COLOR": "1", "COLUMNS": "200"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert all(option in help_text for option in options)
