"""The bare echo, and the same behind the risk interceptor with four limits.

    python -m benchmarks.measuring.limited_echo REDIS_URL

`Bare` only echoes. `Limited` is asked about by the store, `Refused` is refused from the local memory, and
answered all the same: what it costs to end a call with an error is not the question.
"""

import asyncio
import json
import os
import signal
import sys
from typing import Any

import grpc
import uvloop

from benchmarks.measuring.limits import FOUR, limiter
from domain.risk.limit import Limit
from domain.shared.errors import Throttled
from nectary.identity.v1 import identity_service_pb2 as pb
from servers.mesh.call import Call
from servers.mesh.contract import method_of
from servers.mesh.interceptors.risk import Risk
from servers.mesh.limiting.rules import Rule, RuleLimiter, Rules

SERVICE = "benchmarks.LimitedEcho"
METHODS = ("Bare", "Limited", "Refused")
METHOD = method_of("/nectary.identity.v1.IdentityService/ListIdentities", {})


async def _bare(request: pb.ListIdentitiesRequest, context: Any) -> pb.ListIdentitiesRequest:
    return request


def _behind(limiter: RuleLimiter, *, refuses: bool) -> Any:
    async def inner(call: Call) -> object:
        if refuses:
            raise AssertionError("admitted: the run is void")
        return call.request

    behaviour = Risk(limiter).wrap(METHOD, inner)

    async def handler(request: pb.ListIdentitiesRequest, context: Any) -> object:
        call = Call(METHOD, context, "")
        call.request = request
        try:
            return await behaviour(call)
        except Throttled:
            if not refuses:
                raise
            return request

    return handler


async def _serve(url: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with limiter(url) as (own, _):
        nothing = Limit(9, "member", 0, 86_400_000)
        handlers = {
            "Bare": _bare,
            "Limited": _behind(RuleLimiter(own, Rules(1, map(Rule, FOUR))), refuses=False),
            "Refused": _behind(RuleLimiter(own, Rules(1, map(Rule, (*FOUR, nothing)))), refuses=True),
        }
        kind = pb.ListIdentitiesRequest
        server = grpc.aio.server()
        methods = {
            name: grpc.unary_unary_rpc_method_handler(handler, kind.FromString, kind.SerializeToString)
            for name, handler in handlers.items()
        }
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, methods)])
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        print(json.dumps({"address": f"127.0.0.1:{port}", "pid": os.getpid()}), flush=True)
        await stop.wait()
        await server.stop(None)


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1]))
