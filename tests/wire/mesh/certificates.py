"""Certificates made for one test: a CA, and leaves with whatever name and dates are wanted."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

DOMAIN = "mesh.example"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Leaf:
    """A certificate and its key, PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """A certificate authority."""

    def __init__(self, name: str = "test mesh") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self._certificate = (
            _builder(
                self._name, self._name, self._key, datetime.now(UTC) - _HOUR, datetime.now(UTC) + 24 * _HOUR
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, SHA256())
        )

    @property
    def pem(self) -> bytes:
        return self._certificate.public_bytes(Encoding.PEM)

    def leaf(self, *uris: str, age: timedelta = _HOUR, life: timedelta = 24 * _HOUR) -> Leaf:
        """A leaf with these URI names, made `age` ago and valid for `life`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "leaf")])
        names: list[x509.GeneralName] = [
            x509.DNSName("localhost"),
            x509.IPAddress(ip_address("127.0.0.1")),
            *(x509.UniformResourceIdentifier(uri) for uri in uris),
        ]
        made = datetime.now(UTC) - age
        certificate = (
            _builder(subject, self._name, key, made, made + life)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self._key, SHA256())
        )
        return Leaf(
            certificate.public_bytes(Encoding.PEM),
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )

    def settings(self, folder: Path) -> dict[str, Any]:
        """Settings of a server that demands certificates of this authority."""
        server = self.leaf(f"spiffe://{DOMAIN}/svc/echo")
        files: dict[str, bytes] = {"tls_cert": server.certificate, "tls_key": server.key, "tls_ca": self.pem}
        for name, content in files.items():
            (folder / name).write_bytes(content)
        return {"tls_domain": DOMAIN, **{name: str(folder / name) for name in files}}

    def credentials(self, leaf: Leaf | None) -> grpc.ChannelCredentials:
        """What a caller with this leaf (or none) brings."""
        if leaf is None:
            return grpc.ssl_channel_credentials(self.pem)
        return grpc.ssl_channel_credentials(self.pem, leaf.key, leaf.certificate)


def service(name: str) -> str:
    return f"spiffe://{DOMAIN}/svc/{name}"


def gateway(name: str) -> str:
    return f"spiffe://{DOMAIN}/gateway/{name}"


def operator(name: str) -> str:
    return f"spiffe://{DOMAIN}/operator/{name}"


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    begins: datetime,
    ends: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )
