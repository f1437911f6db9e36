"""Signs tokens as a gateway or an identity provider would, and as an attacker might."""

import json
import time
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

ISSUER = "https://login.example"
AUDIENCE = "nectary"


class Signer:
    """One key pair with its id."""

    def __init__(self, key_id: str, holder: str, algorithm: str = "EdDSA") -> None:
        self.key_id = key_id
        self.algorithm = algorithm
        self._holder = holder
        self.private: Any = (
            ed25519.Ed25519PrivateKey.generate()
            if algorithm == "EdDSA"
            else ec.generate_private_key(ec.SECP256R1())
        )

    @property
    def entry(self) -> dict[str, Any]:
        """The public key as it stands in the key file."""
        algorithm = jwt.get_algorithm_by_name(self.algorithm)
        public = json.loads(algorithm.to_jwk(self.private.public_key()))
        return {**public, "kid": self.key_id, "alg": self.algorithm, "holder": self._holder}

    def token(self, subject: str, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token that is valid now, but for what `header` and `claims` change; None leaves a claim out."""
        now = int(time.time())
        content = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "nbf": now,
            "iat": now,
            "exp": now + 900,
            **claims,
        }
        return jwt.encode(
            {key: value for key, value in content.items() if value is not None},
            self.private,
            algorithm=self.algorithm,
            headers={"kid": self.key_id, **(header or {})},
        )


def key_file(path: Path, *signers: Signer) -> Path:
    """A key file with the public keys of these signers."""
    path.write_text(json.dumps({"keys": [signer.entry for signer in signers]}))
    return path


def token_settings(path: Path, *signers: Signer) -> dict[str, Any]:
    """Settings of a server that believes these signers."""
    return {"token_keys": str(key_file(path, *signers)), "token_issuer": ISSUER, "token_audience": AUDIENCE}


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)
