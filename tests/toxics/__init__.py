"""A TCP proxy that fails on demand, between code under test and a real server.

Its toxics and its HTTP API are those of Toxiproxy, whose manual and clients hold for it, with three toxics
more that know what is said in MySQL and Redis: `drop_reply`, `drop_request` and `forge_error`.

    async with toxic_proxy(server.port) as proxy:
        proxy.add(Latency(latency=200, jitter=50))

By hand: `python -m tests.toxics --help`, and docs/faults.md.
"""

from tests.toxics.chosen import ALWAYS, DropReply, DropRequest, ForgeError
from tests.toxics.kinds import Bandwidth, Latency, LimitData, ResetPeer, Slicer, SlowClose, Timeout
from tests.toxics.proxy import Proxy
from tests.toxics.running import ProxyInThread, toxic_proxy, toxic_proxy_in_thread
from tests.toxics.toxic import Stream

__all__ = [
    "ALWAYS",
    "Bandwidth",
    "DropReply",
    "DropRequest",
    "ForgeError",
    "Latency",
    "LimitData",
    "Proxy",
    "ProxyInThread",
    "ResetPeer",
    "Slicer",
    "SlowClose",
    "Stream",
    "Timeout",
    "toxic_proxy",
    "toxic_proxy_in_thread",
]
