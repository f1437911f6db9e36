"""Tokens (A-10): every way in which one does not hold, and the ways in which it does."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from domain.shared.errors import Unauthenticated
from domain.shared.instants import SECOND
from nectary.testing.v1 import echo_service_pb2 as pb
from servers.mesh.tokens import Holder, Keys, Tokens, parse_keys
from servers.mesh.watched_file import CHECK_SECONDS
from tests.fakes import FakeClock
from tests.wire.mesh.certificates import Authority, gateway
from tests.wire.mesh.echo import EchoServicer
from tests.wire.mesh.running import Running, refusal, running
from tests.wire.mesh.signing import AUDIENCE, ISSUER, Signer, bearer, key_file, token_settings

MINE = pb.LookRequest(member_id="m1")


@dataclass(frozen=True)
class Gateway:
    """A server, and a gateway's certificate on the channel to it."""

    server: Running
    members: Signer
    operators: Signer
    keys: Path

    async def looks(self, token: str) -> str:
        return (await self.server.stub.Look(MINE, metadata=bearer(token))).member_id

    async def is_refused(self, token: str) -> None:
        error = await refusal(self.server.stub.Look(MINE, metadata=bearer(token)))
        assert (error.code, error.reason) == (grpc.StatusCode.UNAUTHENTICATED, "MEMBER_TOKEN_INVALID")
        assert error.message == "the token does not hold"


@pytest.fixture
async def bff(echo: EchoServicer, tmp_path: Path) -> AsyncIterator[Gateway]:
    authority = Authority()
    members, operators = Signer("members-1", "member"), Signer("operators-1", "operator", "ES256")
    settings = authority.settings(tmp_path) | token_settings(tmp_path / "keys.json", members, operators)
    credentials = authority.credentials(authority.leaf(gateway("bff")))
    async with running(echo, credentials=credentials, **settings) as server:
        yield Gateway(server, members, operators, tmp_path / "keys.json")


async def test_a_valid_token_makes_the_call_its_members(bff: Gateway) -> None:
    assert await bff.looks(bff.members.token("m1")) == "m1"


async def test_a_token_that_holds_is_verified_again_when_it_expires(bff: Gateway) -> None:
    token = bff.members.token("m1", nbf=int(time.time()) - 900, exp=int(time.time()) - 29)
    assert await bff.looks(token) == "m1"  # within the half minute by which clocks may differ


NOW = int(time.time())
BAD_CLAIMS: dict[str, dict[str, Any]] = {
    "expired": {"nbf": NOW - 4000, "exp": NOW - 3000},
    "not valid yet": {"nbf": NOW + 3000, "exp": NOW + 3600},
    "lives longer than an hour": {"nbf": NOW, "exp": NOW + 3601},
    "ends before it begins": {"nbf": NOW, "exp": NOW - 1},
    "no expiry": {"exp": None},
    "no beginning": {"nbf": None},
    "no audience": {"aud": None},
    "another audience": {"aud": "honey"},
    "no issuer": {"iss": None},
    "another issuer": {"iss": "https://evil.example"},
    "no subject": {"sub": None},
    "empty subject": {"sub": ""},
    "endless subject": {"sub": "m" * 65},
    "expiry as text": {"exp": str(NOW + 900)},
    "expiry as a fraction": {"exp": NOW + 900.5},
    "beginning as a truth value": {"nbf": True},
}


@pytest.mark.parametrize("claims", BAD_CLAIMS.values(), ids=BAD_CLAIMS.keys())
async def test_a_token_with_a_bad_claim_does_not_hold(
    bff: Gateway, echo: EchoServicer, claims: dict[str, Any]
) -> None:
    await bff.is_refused(_signed(bff.members, claims))
    assert echo.handled == 0


def _signed(signer: Signer, claims: dict[str, Any], key_id: str | None = "members-1") -> str:
    content = {"iss": ISSUER, "aud": AUDIENCE, "sub": "m1", "nbf": NOW, "exp": NOW + 900, **claims}
    kept = {key: value for key, value in content.items() if value is not None}
    headers = {"kid": key_id} if key_id else {}
    # PyJWT's own encoder refuses some of these, so the text is signed as bytes.
    return jwt.api_jws.encode(json.dumps(kept).encode(), signer.private, signer.algorithm, headers)


async def test_a_token_without_signature_does_not_hold(bff: Gateway) -> None:
    _, payload, _ = bff.members.token("m1").split(".")
    for algorithm in ("none", "None", "NONE"):
        header = _base64({"alg": algorithm, "kid": bff.members.key_id})
        await bff.is_refused(f"{header}.{payload}.")


async def test_a_public_key_used_as_a_shared_secret_does_not_hold(bff: Gateway) -> None:
    public = bff.operators.private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    _, payload, _ = bff.operators.token("m1").split(".")
    header = _base64({"alg": "HS256", "kid": bff.operators.key_id})
    signed = f"{header}.{payload}"
    signature = jwt.get_algorithm_by_name("HS256").sign(f"{signed}".encode(), pem[27:])
    await bff.is_refused(f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}")


async def test_a_key_signs_with_its_own_algorithm_only(bff: Gateway) -> None:
    other = Signer("members-1", "member", "ES256")
    await bff.is_refused(other.token("m1"))


async def test_a_token_of_an_unknown_or_unnamed_key_does_not_hold(bff: Gateway) -> None:
    await bff.is_refused(Signer("members-2", "member").token("m1"))
    await bff.is_refused(_signed(bff.members, {}, key_id=None))
    await bff.is_refused(bff.members.token("m1", header={"kid": "members-1 "}))


async def test_a_forged_signature_does_not_hold(bff: Gateway) -> None:
    head, payload, signature = bff.members.token("m1").split(".")
    other = bff.members.token("m2").split(".")[1]
    await bff.is_refused(f"{head}.{other}.{signature}")
    await bff.is_refused(f"{head}.{payload}.{signature[:-4]}AAAA")
    await bff.is_refused(Signer("members-1", "member").token("m1"))


@pytest.mark.parametrize("token", ["a", "a.b", "a.b.c", "..", "a" * 5000, "%00.b.c"])
async def test_what_is_no_token_at_all_does_not_hold(bff: Gateway, token: str) -> None:
    await bff.is_refused(token)


async def test_a_key_that_was_rotated_out_stops_counting_at_once(bff: Gateway) -> None:
    old, new = bff.members.token("m1"), Signer("members-2", "member")
    assert await bff.looks(old) == "m1"
    key_file(bff.keys, new)
    await asyncio.sleep(CHECK_SECONDS + 0.2)
    await bff.is_refused(old)
    assert await bff.looks(new.token("m1")) == "m1"


async def test_a_member_key_cannot_make_operators(bff: Gateway) -> None:
    error = await refusal(bff.server.stub.Echo(pb.EchoRequest(), metadata=bearer(bff.members.token("alice"))))
    assert (error.code, error.reason) == (grpc.StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED")


async def test_an_operators_token_makes_an_operator_of_any_caller(
    bff: Gateway, echo: EchoServicer, tmp_path: Path
) -> None:
    settings = token_settings(tmp_path / "k.json", bff.operators)
    async with running(echo, trust_local_caller="off", **settings) as server:
        answer = await server.stub.Echo(pb.EchoRequest(), metadata=bearer(bff.operators.token("alice")))
        assert answer.caller == "operator:alice"


async def test_a_members_token_without_a_known_caller_is_worth_nothing(
    bff: Gateway, echo: EchoServicer, tmp_path: Path
) -> None:
    settings = token_settings(tmp_path / "k.json", bff.members)
    async with running(echo, trust_local_caller="off", **settings) as server:
        error = await refusal(server.stub.Look(MINE, metadata=bearer(bff.members.token("m1"))))
    assert (error.code, error.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CALLER_UNKNOWN")
    assert echo.handled == 0


def test_a_verified_token_is_remembered_no_longer_than_it_holds(tmp_path: Path) -> None:
    signer = Signer("k", "member")
    keys: list[Keys] = [parse_keys(key_file(tmp_path / "k.json", signer).read_text())]
    clock = FakeClock(int(time.time()) * SECOND)
    tokens = Tokens(lambda: keys[0], issuer=ISSUER, audience=AUDIENCE, clock=clock)
    token = signer.token("m1")
    assert tokens.verified(token) == tokens.verified(token)
    assert tokens.verified(token).holder is Holder.MEMBER
    clock.advance(931 * SECOND)
    with pytest.raises(Unauthenticated):
        tokens.verified(token)


@pytest.mark.parametrize(
    "change",
    [
        {"kid": None}, {"alg": "HS256"}, {"alg": "none"}, {"alg": None}, {"alg": "ES256"},
        {"holder": None}, {"holder": "root"}, {"d": "c2VjcmV0"}, {"x": "!"}, {"kty": "oct", "k": "c2VjcmV0"},
    ],
    ids=str,
)  # fmt: skip
def test_a_key_file_with_any_mistake_is_refused_whole(change: dict[str, Any]) -> None:
    entry = {key: value for key, value in {**Signer("k", "member").entry, **change}.items() if value}
    with pytest.raises(ValueError):  # noqa: PT011  # each says something else
        parse_keys(json.dumps({"keys": [entry]}))


@pytest.mark.parametrize("text", ["", "{}", '{"keys": []}', '{"keys": {}}', "[]"])
def test_a_key_file_without_keys_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # each says something else
        parse_keys(text)


def _base64(header: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
