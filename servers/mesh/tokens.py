"""Signed tokens of members and operators: short-lived JWTs, verified against a file of public keys.

A key belongs to one kind of holder, so that the gateway which signs for members cannot make
operators. The file is a JSON Web Key Set whose keys also carry `holder` (`member` or `operator`).
"""

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import jwt

from domain.shared.errors import Unauthenticated
from domain.shared.instants import SECOND
from servers.mesh.clock import Clock

LONGEST_LIFE_SECONDS = 3600
CLOCK_SKEW_SECONDS = 30
"""How far the signer's clock may be off."""
MAX_TOKEN_BYTES = 4096
MAX_SUBJECT = 64
_ALGORITHMS = {"EdDSA": "OKP", "ES256": "EC"}
_CACHE_SIZE = 10_000


class Holder(StrEnum):
    """Whom a key speaks for."""

    MEMBER = "member"
    OPERATOR = "operator"


@dataclass(frozen=True)
class Key:
    """A public key that signs for one kind of holder, with one algorithm."""

    holder: Holder
    algorithm: str
    public: jwt.PyJWK


@dataclass(frozen=True)
class Token:
    """What a verified token says. Times are seconds since the epoch."""

    holder: Holder
    subject: str
    not_before: int
    expires: int


Keys = Mapping[str, Key]


def parse_keys(text: str) -> Keys:
    """The keys of a key file, by key id. Raises ValueError saying what is wrong with it."""
    document = json.loads(text)
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries or not all(isinstance(one, dict) for one in entries):
        raise ValueError('a key file is {"keys": [...]} with at least one key')
    keys: dict[str, Key] = {}
    for entry in entries:
        key_id, algorithm = entry.get("kid"), entry.get("alg")
        if not key_id or key_id in keys:
            raise ValueError("each key needs a kid of its own")
        if _ALGORITHMS.get(algorithm) != entry.get("kty"):
            raise ValueError(f"key {key_id}: alg must be EdDSA (kty OKP) or ES256 (kty EC)")
        if "d" in entry:
            raise ValueError(f"key {key_id} is private: only public keys belong here")
        try:
            keys[key_id] = Key(Holder(entry.get("holder")), algorithm, jwt.PyJWK(entry))
        except jwt.PyJWTError as error:
            raise ValueError(f"key {key_id}: {error}") from error
    return keys


class Tokens:
    """Verifies tokens; a token once verified is remembered until it expires or the keys change."""

    def __init__(self, keys: Callable[[], Keys], *, issuer: str, audience: str, clock: Clock) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._known: OrderedDict[str, Token] = OrderedDict()
        self._known_under: Keys = {}

    def verified(self, encoded: str) -> Token:
        """The token, if it holds now.

        Raises Unauthenticated(MEMBER_TOKEN_INVALID), not saying why: the difference would help only
        whoever forges one.
        """
        keys = self._keys()
        if keys is not self._known_under:
            self._known.clear()
            self._known_under = keys
        try:
            token = self._known.get(encoded) or self._decoded(encoded, keys)
            self._require_current(token)
        except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
            raise Unauthenticated("MEMBER_TOKEN_INVALID", "the token does not hold") from error
        self._remember(encoded, token)
        return token

    def _decoded(self, encoded: str, keys: Keys) -> Token:
        if len(encoded) > MAX_TOKEN_BYTES:
            raise ValueError("a token has at most 4096 bytes")
        key = keys[jwt.get_unverified_header(encoded)["kid"]]
        claims: dict[str, Any] = jwt.decode(
            encoded,
            key.public,
            algorithms=[key.algorithm],
            audience=self._audience,
            issuer=self._issuer,
            # Times are checked below, against the clock of this process.
            options={
                "require": ["aud", "exp", "iss", "nbf", "sub"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
        token = Token(key.holder, claims["sub"], _seconds(claims, "nbf"), _seconds(claims, "exp"))
        if not 0 < token.expires - token.not_before <= LONGEST_LIFE_SECONDS:
            raise ValueError("a token lives at most an hour")
        if not 0 < len(token.subject) <= MAX_SUBJECT:
            raise ValueError("a token names its holder")
        return token

    def _require_current(self, token: Token) -> None:
        now = self._clock.now() // SECOND
        if not token.not_before - CLOCK_SKEW_SECONDS <= now < token.expires + CLOCK_SKEW_SECONDS:
            raise ValueError("expired, or not valid yet")

    def _remember(self, encoded: str, token: Token) -> None:
        self._known[encoded] = token
        self._known.move_to_end(encoded)
        if len(self._known) > _CACHE_SIZE:
            self._known.popitem(last=False)


def _seconds(claims: Mapping[str, Any], name: str) -> int:
    value = claims[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name} must be a whole number of seconds")
    return value
