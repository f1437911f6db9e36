"""The baseline of every call: grpc.aio on uvloop answering with the request, and nothing around it.

    python -m benchmarks.measuring.echo

As any typed server does, it parses the request and serialises the answer.
"""

from collections.abc import Mapping
from typing import Any

import uvloop
from google.protobuf.message import Message

from benchmarks.measuring.serving import serve
from nectary.honey.v1 import wallet_service_pb2 as honey
from nectary.identity.v1 import identity_service_pb2 as identity
from nectary.seckill.v1 import seckill_service_pb2 as seckill

SERVICE = "benchmarks.Echo"
MESSAGES: Mapping[str, type[Message]] = {
    "ListIdentities": identity.ListIdentitiesRequest,
    "BatchCheckIdentities": identity.BatchCheckIdentitiesRequest,
    "ReserveUnit": seckill.ReserveUnitRequest,
    "EarnPoints": honey.EarnPointsRequest,
}
"""What each method echoes."""


def path_of(method: str) -> str:
    """Of a method in `MESSAGES`."""
    return f"/{SERVICE}/{method}"


async def _echo(request: Message, context: Any) -> Message:
    return request


if __name__ == "__main__":
    uvloop.run(serve(SERVICE, {name: (_echo, kind) for name, kind in MESSAGES.items()}))
