"""Whom a call is about: what limits count by, and what can be listed."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Network, ip_address

MOST_CHARACTERS = 128
"""Of a subject's value."""
_NETWORK_BITS = 64


class SubjectKind(StrEnum):
    """What a subject is."""

    MEMBER = "MEMBER"
    DEVICE = "DEVICE"
    ADDRESS = "ADDRESS"
    PAYMENT = "PAYMENT"
    CALLER = "CALLER"
    """A service or gateway that calls, or an operator."""
    METHOD = "METHOD"
    SCENE = "SCENE"

    # Names of subjects are looked up many times a call, and the hash of Enum is written in Python.
    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """One member, device, address, ... by its name.

    Raises ValueError if the value is empty or longer than MOST_CHARACTERS.
    """

    kind: SubjectKind
    value: str
    """An address in the form that `canonical_address` gives it."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.value) <= MOST_CHARACTERS:
            raise ValueError(f"a subject has 1 to {MOST_CHARACTERS} characters, not {len(self.value)}")

    def __str__(self) -> str:
        """`MEMBER:m-1`: names it among all subjects."""
        return f"{self.kind.value}:{self.value}"


def subject_named(name: str) -> Subject:
    """The subject that `str` named so. Raises ValueError if there is no such kind."""
    kind, _, value = name.partition(":")
    return Subject(SubjectKind(kind), value)


def canonical_address(text: str) -> str:
    """One name for all addresses that one customer of a network can choose from.

    IPv4 whole, also if it is mapped into IPv6; IPv6 as its /64 network (`2001:db8::/64`), which is accepted
    too. Raises ValueError for what is no address.
    """
    bare, _, bits = text.partition("/")
    address = ip_address(bare.partition("%")[0])
    mapped = address if isinstance(address, IPv4Address) else address.ipv4_mapped
    if bits and (mapped or bits != str(_NETWORK_BITS)):
        raise ValueError(f"{text} is neither an address nor an IPv6 /{_NETWORK_BITS} network")
    return str(mapped or IPv6Network((int(address), _NETWORK_BITS), strict=False))


def address_family(address: str) -> str:
    """`IPV4` or `IPV6`, of a canonical address."""
    return "IPV6" if ":" in address else "IPV4"
