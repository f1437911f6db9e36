"""`nectary-client` as another team meets it: built, installed in an empty environment, and used."""

import asyncio
import shutil
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from domain.shared.instants import SECOND
from nectary.common.v1 import test_clock_service_pb2_grpc as rpc
from servers.mesh.clock import TestClock
from servers.mesh.test_clock_servicer import TestClockServicer
from tests.architecture.sources import ROOT
from tools.check_floors import pins

STORY = """
import asyncio, importlib.util, sys
from nectary.identity.v1 import identity_service_pb2 as pb, identity_service_pb2_grpc as rpc
from nectary_client import TestClockClient, Unimplemented, connect

async def main(target):
    async with TestClockClient.connect(target) as clock:
        print((await clock.now()).isoformat())
    async with connect(target) as channel:
        try:
            await rpc.IdentityServiceStub(channel).GetTimeline(pb.GetTimelineRequest(member_id="m1"))
        except Unimplemented:
            print("not served, and told so by type")

for server_side in ("sqlalchemy", "redis", "protovalidate", "servers", "domain", "clients"):
    assert importlib.util.find_spec(server_side) is None, server_side
asyncio.run(main(sys.argv[1]))
"""
TOLD = ["2027-01-15T08:00:00+00:00", "not served, and told so by type"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT / "clients", check=True, capture_output=True)
    return next(folder.glob("nectary_client-*.whl"))


@pytest.fixture(scope="module")
def empty_python(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """An interpreter whose environment holds the wheel, what it asks for, and nothing else."""
    folder = tmp_path_factory.mktemp("empty")
    python = folder / "venv" / "bin" / "python"
    # The versions that everything here is tested with; hashes are left out, for the wheel has none.
    pinned = folder / "pins.txt"
    lock = pins(ROOT / "requirements-server.lock")
    pinned.write_text("".join(f"{name}=={version}\n" for name, version in lock.items()))
    what = ["--quiet", "--constraint", str(pinned), str(wheel)]
    if uv := shutil.which("uv"):
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder / "venv")], check=True)
        subprocess.run([uv, "pip", "install", "--python", str(python), *what], check=True)
    else:
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
        subprocess.run([str(python), "-m", "pip", "install", *what], check=True)
    return python


@pytest.fixture
async def target() -> AsyncIterator[str]:
    """Where a server with a clock that stands still listens."""
    server = grpc.aio.server()
    rpc.add_TestClockServiceServicer_to_server(
        TestClockServicer(TestClock(1_800_000_000 * SECOND, frozen=True)), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(grace=None)


def test_the_wheel_holds_clients_contract_types_and_nothing_of_the_servers(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert top == {"nectary_client", "nectary", "buf"}
    assert {"nectary_client/py.typed", "nectary/py.typed", "nectary_client/LICENSE"} <= set(names)
    modules = {path.relative_to(ROOT / "clients").as_posix() for path in (ROOT / "clients").rglob("*.py")}
    assert {f"nectary_client/{module}" for module in modules} <= set(names)


async def test_it_calls_a_server_from_an_environment_without_the_servers_libraries(
    empty_python: Path, target: str
) -> None:
    process = await asyncio.create_subprocess_exec(
        empty_python, "-I", "-c", STORY, target, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await process.communicate()
    assert (process.returncode, out.decode().splitlines()) == (0, TOLD), err.decode()
