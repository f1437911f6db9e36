"""Names of a gate's keys. Those of an activity lie in one slot, so that one script sees them all."""

PARTS = ("gate", "open", "held", "members", "known")


def gate_keys(activity_id: str) -> list[bytes]:
    """In the order in which the scripts take them."""
    return [f"sk:{{{activity_id}}}:{part}".encode() for part in PARTS]


def probe_key(name: str) -> bytes:
    """What is written to see whether the store can write."""
    return f"sk:{{{name}}}:probe".encode()
