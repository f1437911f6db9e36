"""A client that speaks HTTP/2 frame by frame, to do what no proper client does."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamReset,
    TrailersReceived,
)


class Raw:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.closed = asyncio.Event()
        self.ended_by: ConnectionTerminated | None = None
        self._statuses: dict[int, asyncio.Future[str]] = {}

    @classmethod
    @asynccontextmanager
    async def connected(cls, port: int) -> AsyncIterator["Raw"]:
        """A connection that has sent its preface and reads whatever comes."""
        raw = cls(*await asyncio.open_connection("127.0.0.1", port))
        raw.h2.initiate_connection()
        await raw.flush()
        reading = asyncio.create_task(raw._read())
        try:
            yield raw
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            raw.writer.close()

    def request(self, path: str, headers: Sequence[tuple[str, str]] = ()) -> int:
        """Opens a stream with its headers; nothing is sent before the next `flush`."""
        stream = self.h2.get_next_available_stream_id()
        self._statuses[stream] = asyncio.get_running_loop().create_future()
        self.h2.send_headers(
            stream,
            [
                (":method", "POST"),
                (":scheme", "http"),
                (":path", path),
                (":authority", "localhost"),
                ("te", "trailers"),
                ("content-type", "application/grpc"),
                *headers,
            ],
        )
        return stream

    async def send(self, stream: int, data: bytes, *, end: bool) -> None:
        """Sends data as fast as the server's window lets it."""
        while len(data) > (room := self._room(stream)):
            self.h2.send_data(stream, data[:room])
            data = data[room:]
            await self.flush()
            await asyncio.sleep(0.005)
            if self._statuses[stream].done() or self.closed.is_set():
                return
        self.h2.send_data(stream, data, end_stream=end)
        await self.flush()

    async def status(self, stream: int, seconds: float = 10) -> str:
        """The gRPC status of a stream as a number in text, or RST if it was reset."""
        return await asyncio.wait_for(self._statuses[stream], seconds)

    async def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())
        await self.writer.drain()

    def _room(self, stream: int) -> int:
        return max(0, min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size))

    async def _read(self) -> None:
        try:
            while data := await self.reader.read(65_536):
                for event in self.h2.receive_data(data):
                    self._note(event)
                await self.flush()
        except OSError:
            pass
        finally:
            self.closed.set()

    def _note(self, event: Event) -> None:
        if isinstance(event, ResponseReceived | TrailersReceived):
            for name, value in event.headers:
                # Text, as `header_encoding` asks, though typed as bytes.
                if str(name) == "grpc-status":
                    self._end(event.stream_id, str(value))
        elif isinstance(event, StreamReset):
            self._end(event.stream_id, "RST")
        elif isinstance(event, DataReceived):
            self.h2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
        elif isinstance(event, ConnectionTerminated):
            self.ended_by = event

    def _end(self, stream: int | None, status: str) -> None:
        future = self._statuses.get(stream or 0)
        if future is not None and not future.done():
            future.set_result(status)
