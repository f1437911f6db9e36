"""Wallets: whose they are, and how one stands after its last transaction."""

from dataclasses import dataclass, field
from typing import NamedTuple

from domain.honey.accounts import Account
from domain.honey.transactions import GENESIS, Balances
from domain.honey.watching import NOBODY_WATCHES, Watch
from domain.shared.instants import EARLIEST, Instant

MEMBER = "member"
MERCHANT = "merchant"


class Owner(NamedTuple):
    """Whose wallet it is: a member's, or a merchant's."""

    kind: str
    owner_id: str


def wallet_id_of(programme_id: str, owner: Owner) -> str:
    """The id of an owner's wallet in a programme: `honey:member:m1`. At most 62 characters."""
    return f"{programme_id}:{owner.kind}:{owner.owner_id}"


def owner_of(wallet_id: str) -> tuple[str, Owner]:
    """The programme and the owner."""
    programme_id, kind, owner_id = wallet_id.split(":", 2)
    return programme_id, Owner(kind, owner_id)


@dataclass(frozen=True, slots=True)
class Standing:
    """A wallet after its last transaction; as good as new before the first."""

    wallet_id: str
    version: int = 0
    """Of the last transaction."""
    lots: int = 0
    """How many it ever had."""
    balances: Balances = field(default_factory=dict)
    effective: Instant = EARLIEST
    """Of the last transaction."""
    next_due: Instant | None = None
    """Nothing falls due by itself before it."""
    renews: Instant | None = None
    """What the member does before it prolongs no lot. None: no lot slides."""
    watch: Watch = NOBODY_WATCHES
    """What the member is told beside transactions, and when."""
    link: bytes = GENESIS
    """Of the last transaction: the published head of the wallet's chain."""

    def balance(self, account: Account) -> int:
        return self.balances.get(account, 0)
