"""Relays a port and fails on demand, as told over the HTTP API of Toxiproxy. Ends at Ctrl-C.

python -m tests.toxics --listen 127.0.0.1:26379 --upstream 127.0.0.1:6379 [--api 127.0.0.1:8474]
curl -d '{"type": "latency", "attributes": {"latency": 200}}' 127.0.0.1:8474/proxies/proxy/toxics
"""

import argparse
import asyncio
import contextlib
import signal

from tests.toxics.address import ANY_PORT, Address
from tests.toxics.api import Api
from tests.toxics.collection import Proxies, Wish
from tests.toxics.http import HttpServer

API_PORT = 8474


def main() -> None:
    wishes = argparse.ArgumentParser(
        prog="python -m tests.toxics", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    address = Address.parse
    wishes.add_argument("--upstream", type=address, help="relay to this address [only the API starts]")
    wishes.add_argument("--listen", type=address, default=ANY_PORT, help="from this address [a free port]")
    wishes.add_argument("--name", default="proxy", help="of the proxy, for the API [%(default)s]")
    wishes.add_argument("--api", type=address, default=Address(port=API_PORT), help="[%(default)s]")
    wishes.add_argument("--seed", type=int, default=0, help="of every chance [%(default)s]")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(wishes.parse_args()))


async def _serve(wishes: argparse.Namespace) -> None:
    proxies = Proxies(wishes.seed)
    server = HttpServer(Api(proxies).answer)
    await server.start(wishes.api.host, wishes.api.port)
    print(f"API on {Address(wishes.api.host, server.port)}", flush=True)
    try:
        if wishes.upstream:
            proxy = await proxies.create(Wish(wishes.name, wishes.upstream, wishes.listen))
            print(f"{proxy.name}: {proxy.listen} → {proxy.upstream}", flush=True)
        await _asked_to_end()
    finally:
        await server.stop()
        await proxies.close()


async def _asked_to_end() -> None:
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    await asked.wait()


if __name__ == "__main__":
    main()
