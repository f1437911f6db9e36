"""A gateway: it alone can sign for members, and the mesh believes it by its public key."""

import json
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.shared.instants import SECOND
from servers.mesh.clock import SystemClock

ALGORITHM = "EdDSA"
KEY_ID = "demo"
ISSUER = "https://gateway.example"
AUDIENCE = "nectary"
LIFE_SECONDS = 900


class Gateway:
    """One key pair, made for this run."""

    def __init__(self) -> None:
        self._private = Ed25519PrivateKey.generate()
        # Keys and tokens keep to real time, whatever the clock of the business says.
        self._clock = SystemClock()

    def settings(self, folder: Path) -> dict[str, str]:
        """Makes a mesh believe it; the file with its public key is written to `folder`."""
        public = json.loads(jwt.get_algorithm_by_name(ALGORITHM).to_jwk(self._private.public_key()))
        path = folder / "keys.json"
        entry = {**public, "kid": KEY_ID, "alg": ALGORITHM, "holder": "member"}
        path.write_text(json.dumps({"keys": [entry]}))
        return {"token_keys": str(path), "token_issuer": ISSUER, "token_audience": AUDIENCE}

    def token(self, member_id: str) -> str:
        """For a member who has just shown who it is."""
        now = self._clock.now() // SECOND
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": member_id,
            "nbf": now,
            "exp": now + LIFE_SECONDS,
        }
        return jwt.encode(claims, self._private, algorithm=ALGORITHM, headers={"kid": KEY_ID})
