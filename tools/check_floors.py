"""Fails if a lock file pins a version with a known hole, or loses the pin that keeps one out.

    python -m tools.check_floors requirements.lock ...

The floors are ours to keep by hand: an offline answer that does not change between two builds.
"""

import sys
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

FLOORS = {
    "grpcio": (
        "1.65.4",
        "CVE-2024-7246 HPACK poisoning; CVE-2023-32731, -32732, -33953, -4785, -44487 before it",
    ),
    "protobuf": ("6.33.5", "CVE-2025-4565, CVE-2026-0994 unbounded recursion in Python parsers"),
    "redis": ("4.5.5", "CVE-2023-28858, -28859: a cancelled command hands its answer to the next caller"),
    "asyncmy": ("0.2.12", "CVE-2025-65896 SQL injection through dict keys"),
    "pymysql": ("1.1.1", "CVE-2024-36039 SQL injection through JSON keys"),
    "pyjwt": ("2.10.1", "CVE-2022-29217 choice of algorithm; CVE-2024-53861 partial issuer match"),
    "cryptography": ("44.0.1", "CVE-2024-12797 OpenSSL, unauthenticated raw public keys"),
    "sqlalchemy": ("1.3.0", "CVE-2019-7164, -7548 SQL injection through order_by and group_by"),
    "pyyaml": ("5.4", "CVE-2020-14343 code execution by the full loader"),
}
"""Distribution → lowest version without the hole, and the hole."""


def pins(lock: Path) -> dict[str, Version]:
    """Distribution → version, of a lock in the form that `make lock` writes."""
    lines = (line.removesuffix("\\") for line in lock.read_text().splitlines() if not line.startswith(" "))
    requirements = [Requirement(line.strip()) for line in lines if line]
    return {each.name: Version(str(each.specifier).removeprefix("==")) for each in requirements}


def complaints(lock: Path) -> list[str]:
    """One sentence for each floor that the lock breaks."""
    pinned = pins(lock)
    return [
        f"{lock}: {name} is not pinned, so nothing keeps it above {floor} ({hole})"
        if name not in pinned
        else f"{lock}: {name} {pinned[name]} is below {floor} ({hole})"
        for name, (floor, hole) in FLOORS.items()
        if pinned.get(name, Version("0")) < Version(floor)
    ]


def main(locks: list[str]) -> int:
    """The exit status."""
    found = [complaint for lock in locks for complaint in complaints(Path(lock))]
    print("\n".join(found) or f"{len(FLOORS)} CVE floors hold in {len(locks)} locks")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
