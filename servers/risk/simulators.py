"""Stand-ins for what other companies run: an SMS provider and a risk engine, to try alerts without either.

`python -m servers.risk.simulators [PORT]` answers POST /sms and POST /engine on loopback, and writes what it
takes to standard output, a line of JSON each.
"""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import orjson

MAX_BODY = 65_536
_READ_SECONDS = 10.0


@dataclass
class Simulator:
    """Both of them on one port. Use it as `async with Simulator() as simulator`; port 0 takes any free one.

    The fields say how it answers, and may be changed at any time.
    """

    port: int = 0
    status: int = 200
    delay_seconds: float = 0.0
    taken: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Messages by id: the same id again is the same message."""
    tries: int = 0
    """Requests of any kind, refused ones included."""
    assessments: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the engine says, by value of the subject; of others that they are nobody."""
    tell: Callable[[dict[str, Any]], None] = field(default=lambda _: None)
    """Is told of each message that is taken for the first time."""

    _serving: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    @property
    def sms_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/sms"

    @property
    def engine_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/engine"

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_READ_SECONDS):
                path, body = await _request(reader)
            self.tries += 1
            await asyncio.sleep(self.delay_seconds)
            content = orjson.dumps(self._answer(path, body) if self.status == 200 else {})
            head = f"HTTP/1.1 {self.status} Simulated\r\nContent-Length: {len(content)}\r\nConnection: close"
            writer.write(f"{head}\r\n\r\n".encode() + content)
            await writer.drain()
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError):
            pass  # whoever asked so gets no answer
        finally:
            writer.close()

    def _answer(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if path == "/sms":
            if body["id"] not in self.taken:
                self.taken[body["id"]] = body
                self.tell(body)
            return {"accepted": body["id"]}
        return self.assessments.get(body["value"], {"state": "NONE", "reason": "", "keep_seconds": 60})


async def _request(reader: asyncio.StreamReader) -> tuple[str, dict[str, Any]]:
    """Path and body of one POST. Raises ValueError for anything else."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    _, path, _ = head[0].split(" ")
    fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    length = int(fields["content-length"])
    if length > MAX_BODY:
        raise ValueError("too long")
    body: dict[str, Any] = orjson.loads(await reader.readexactly(length))
    return path, body


async def _run(port: int) -> None:
    async with Simulator(port, tell=_say) as simulator:
        _say({"risk_sms_url": simulator.sms_url, "risk_engine_url": simulator.engine_url})
        await asyncio.Event().wait()


def _say(what: dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(what, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_run(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
