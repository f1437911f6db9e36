"""Request ids for callers who have none of their own."""

from uuid import uuid4


def new_request_id() -> str:
    """A new id: 32 hexadecimal digits.

    Whoever may have to send a write again after a crash makes the id itself and keeps it: only the same
    id makes the second try harmless.
    """
    return uuid4().hex
