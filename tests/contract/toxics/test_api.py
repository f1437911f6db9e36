"""The HTTP API, call by call: what Toxiproxy's manual promises to its clients."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.contract.toxics.conftest import Echo, said
from tests.toxics.api import Api
from tests.toxics.collection import Proxies
from tests.toxics.http import HttpServer


@dataclass
class Caller:
    port: int

    async def __call__(
        self, method: str, path: str, body: object = None, agent: str = "tests"
    ) -> tuple[int, Any]:
        """Status, and what the body says."""
        return await asyncio.to_thread(self._call, method, path, body, {"User-Agent": agent})

    def _call(self, method: str, path: str, body: object, headers: dict[str, str]) -> tuple[int, Any]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        connection.request(method, path, raw, headers)
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        return answer.status, json.loads(said) if said else None


@pytest.fixture
async def call() -> AsyncIterator[Caller]:
    proxies = Proxies()
    server = HttpServer(Api(proxies).answer)
    await server.start("127.0.0.1", 0)
    yield Caller(server.port)
    await server.stop()
    await proxies.close()


@pytest.fixture
async def created(call: Caller, echo: Echo) -> dict[str, Any]:
    """A proxy named `echo`."""
    status, proxy = await call("POST", "/proxies", {"name": "echo", "upstream": f"127.0.0.1:{echo.port}"})
    assert status == 201
    assert isinstance(proxy, dict)
    return proxy


async def answered(listen: str) -> bytes:
    """What comes back through the proxy, b"" for a closed connection."""
    host, port = listen.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"ping")
    try:
        return await reader.read(4)
    finally:
        writer.close()


async def test_a_proxy_is_created_shown_and_deleted(
    call: Caller, created: dict[str, Any], echo: Echo
) -> None:
    port = int(created["listen"].rpartition(":")[2])
    assert created == {
        "name": "echo",
        "listen": f"127.0.0.1:{port}",
        "upstream": f"127.0.0.1:{echo.port}",
        "enabled": True,
        "toxics": [],
    }
    assert port > 0
    assert await answered(created["listen"]) == b"ping"
    assert await call("GET", "/proxies") == (200, {"echo": created})
    assert await call("GET", "/proxies/echo") == (200, created)

    assert await call("DELETE", "/proxies/echo") == (204, None)
    assert await call("GET", "/proxies") == (200, {})
    with pytest.raises(ConnectionRefusedError):
        await answered(created["listen"])


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_disabled_proxy_is_down_until_it_is_enabled(
    call: Caller, created: dict[str, Any], method: str
) -> None:
    status, proxy = await call(method, "/proxies/echo", {"enabled": False})
    assert (status, proxy) == (200, created | {"enabled": False})
    with pytest.raises(ConnectionRefusedError):
        await answered(created["listen"])

    assert await call(method, "/proxies/echo", {"enabled": True}) == (200, created)
    assert await answered(created["listen"]) == b"ping"


async def test_a_new_upstream_counts_for_new_connections(call: Caller, created: dict[str, Any]) -> None:
    other = Echo()
    server = await other.start()
    status, proxy = await call("POST", "/proxies/echo", {"upstream": f"127.0.0.1:{other.port}"})

    assert (status, proxy["listen"]) == (200, created["listen"])
    assert await answered(created["listen"]) == b"ping"
    assert other.heard == b"ping"
    server.close()


async def test_a_toxic_is_created_shown_changed_and_deleted(call: Caller, created: dict[str, Any]) -> None:
    status, toxic = await call(
        "POST", "/proxies/echo/toxics", {"type": "latency", "attributes": {"latency": 20}}
    )
    assert (status, toxic) == (
        200,
        {
            "attributes": {"latency": 20, "jitter": 0},
            "name": "latency_downstream",
            "type": "latency",
            "stream": "downstream",
            "toxicity": 1.0,
        },
    )
    assert await call("GET", "/proxies/echo/toxics") == (200, [toxic])
    assert await call("GET", "/proxies/echo") == (200, created | {"toxics": [toxic]})

    path = "/proxies/echo/toxics/latency_downstream"
    changed = toxic | {"attributes": {"latency": 20, "jitter": 7}, "toxicity": 0.5}
    assert await call("POST", path, {"attributes": {"jitter": 7}, "toxicity": 0.5}) == (200, changed)
    assert await call("GET", path) == (200, changed)
    assert await call("DELETE", path) == (204, None)
    assert await call("GET", "/proxies/echo/toxics") == (200, [])


@pytest.mark.parametrize(
    ("kind", "stream", "attributes"),
    [
        ("latency", "upstream", {"latency": 1, "jitter": 1}),
        ("bandwidth", "upstream", {"rate": 5}),
        ("slow_close", "downstream", {"delay": 5}),
        ("timeout", "downstream", {"timeout": 5}),
        ("reset_peer", "upstream", {"timeout": 5}),
        ("slicer", "downstream", {"average_size": 5, "size_variation": 2, "delay": 9}),
        ("limit_data", "downstream", {"bytes": 5}),
        ("drop_reply", "downstream", {"protocol": "redis", "command": "GET", "times": 2, "mute": True}),
        ("drop_request", "upstream", {"protocol": "mysql", "command": "COMMIT", "times": 0, "mute": False}),
        ("forge_error", "upstream", {"protocol": "redis", "command": "GET", "times": 1, "error": "OOM no"}),
    ],
)
async def test_every_toxic_of_the_manual_is_taken_with_its_attributes(
    call: Caller, created: dict[str, Any], kind: str, stream: str, attributes: dict[str, Any]
) -> None:
    wish = {"name": "mine", "type": kind, "stream": stream, "toxicity": 1, "attributes": attributes}

    assert await call("POST", "/proxies/echo/toxics", wish) == (200, wish)


async def test_a_toxic_counts_on_open_connections(call: Caller, created: dict[str, Any]) -> None:
    host, port = created["listen"].split(":")
    client = await asyncio.open_connection(host, int(port))
    assert await said(client, b"before") == b"before"
    await call("POST", "/proxies/echo/toxics", {"type": "limit_data", "attributes": {"bytes": 2}})
    client[1].write(b"after")

    assert await client[0].read() == b"af"
    client[1].close()


async def test_reset_removes_all_toxics_and_enables_all_proxies(
    call: Caller, created: dict[str, Any]
) -> None:
    await call("POST", "/proxies/echo/toxics", {"type": "limit_data"})
    assert await answered(created["listen"]) == b""
    await call("POST", "/proxies/echo", {"enabled": False})

    assert await call("POST", "/reset") == (204, None)
    assert await call("GET", "/proxies/echo") == (200, created)
    assert await answered(created["listen"]) == b"ping"


async def test_populate_keeps_what_is_as_wished_and_replaces_the_rest(
    call: Caller, created: dict[str, Any]
) -> None:
    await call("POST", "/proxies/echo/toxics", {"type": "latency"})
    same = {name: created[name] for name in ("name", "listen", "upstream")}
    status, answer = await call("POST", "/populate", [same, same | {"name": "new", "listen": ""}])
    assert status == 201
    assert [(proxy["name"], len(proxy["toxics"])) for proxy in answer["proxies"]] == [("echo", 1), ("new", 0)]

    status, answer = await call("POST", "/populate", [same | {"upstream": "127.0.0.1:1"}])
    assert status == 201
    assert answer["proxies"][0]["toxics"] == []
    assert (await call("POST", "/populate", [same, same]))[0] == 400


async def test_the_version_is_told(call: Caller) -> None:
    status, answer = await call("GET", "/version")

    assert status == 200
    assert answer["version"].startswith("2.")


LATENCY = {"type": "latency"}
COMMIT = {"type": "drop_request", "attributes": {"command": "COMMIT"}}


async def test_a_toxic_of_requests_is_upstream_unasked(call: Caller, created: dict[str, Any]) -> None:
    status, toxic = await call("POST", "/proxies/echo/toxics", COMMIT)

    assert (status, toxic["name"], toxic["stream"]) == (200, "drop_request_upstream", "upstream")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "error"),
    [
        ("POST", "/proxies", b"{", 400, "bad request body"),
        ("POST", "/proxies", [], 400, "bad request body"),
        ("POST", "/proxies", {"upstream": "h:1"}, 400, "missing required field: name"),
        ("POST", "/proxies", {"name": "n"}, 400, "missing required field: upstream"),
        ("POST", "/proxies", {"name": "n", "upstream": "h:port"}, 400, "bad request body"),
        ("POST", "/proxies", {"name": "echo", "upstream": "h:1"}, 409, "proxy already exists"),
        ("POST", "/proxies", {"name": "n", "upstream": "h:1", "listen": "192.0.2.1:1"}, 500, "cannot listen"),
        ("POST", "/proxies/echo", {"enabled": "yes"}, 400, "bad request body"),
        ("GET", "/proxies/none", None, 404, "proxy not found"),
        ("DELETE", "/proxies/none", None, 404, "proxy not found"),
        ("POST", "/proxies/none/toxics", LATENCY, 404, "proxy not found"),
        ("POST", "/proxies/echo/toxics", {"type": "down"}, 400, "invalid toxic type"),
        ("POST", "/proxies/echo/toxics", LATENCY | {"stream": "both"}, 400, "stream was invalid"),
        ("POST", "/proxies/echo/toxics", LATENCY | {"toxicity": 2}, 400, "bad request body"),
        ("POST", "/proxies/echo/toxics", LATENCY | {"attributes": {"latency": "1"}}, 400, "bad request body"),
        ("POST", "/proxies/echo/toxics", LATENCY | {"attributes": {"latency": -1}}, 400, "bad request body"),
        ("POST", "/proxies/echo/toxics", {"type": "drop_reply"}, 400, "bad request body: command"),
        ("POST", "/proxies/echo/toxics", COMMIT | {"stream": "downstream"}, 400, "bad request body"),
        ("POST", "/proxies/echo/toxics", LATENCY | {"name": "there"}, 409, "toxic already exists"),
        ("POST", "/proxies/echo/toxics/none", LATENCY, 404, "toxic not found"),
        ("GET", "/proxies/echo/toxics/none", None, 404, "toxic not found"),
        ("DELETE", "/proxies/echo/toxics/none", None, 404, "toxic not found"),
        ("GET", "/nothing", None, 404, "no such endpoint"),
    ],
)
async def test_a_wish_that_cannot_be_is_refused_as_by_toxiproxy(
    call: Caller,
    created: dict[str, Any],
    method: str,
    path: str,
    body: object,
    status: int,
    error: str,
) -> None:
    await call("POST", "/proxies/echo/toxics", LATENCY | {"name": "there"})
    before = await call("GET", "/proxies")

    answered_status, answer = await call(method, path, body)

    assert (answered_status, answer["status"]) == (status, status)
    assert answer["error"].startswith(error)
    assert await call("GET", "/proxies") == before


async def test_a_page_in_a_browser_may_command_nothing(call: Caller, created: dict[str, Any]) -> None:
    assert (await call("DELETE", "/proxies/echo", agent="Mozilla/5.0"))[0] == 403
    assert (await call("GET", "/proxies"))[1] == {"echo": created}


async def test_what_is_no_http_is_refused_and_the_next_call_answered(call: Caller) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", call.port)
    writer.write(b"POST /reset HTTP/1.1\r\nContent-Length: -1\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()

    assert (await call("GET", "/proxies"))[0] == 200


async def test_it_runs_by_hand(echo: Echo) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.toxics", "--name", "echo", "--api", "127.0.0.1:0"),
        *("--upstream", f"127.0.0.1:{echo.port}"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        api, proxy = [(await process.stdout.readline()).decode().split() for _ in range(2)]
        call = Caller(int(api[-1].rpartition(":")[2]))
        assert await answered(proxy[1]) == b"ping"
        await call("POST", "/proxies/echo/toxics", {"type": "limit_data"})
        assert await answered(proxy[1]) == b""
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
