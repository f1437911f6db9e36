"""How a command went that was not refused."""

from dataclasses import dataclass

from domain.seckill.orders import Order
from domain.seckill.payments import Payment


@dataclass(frozen=True, slots=True)
class Done:
    """The order afterwards."""

    order: Order
    payment: Payment | None = None
    """With its fate, if the command was about one."""
    is_repeat: bool = False
    """Whether nothing was changed: it had been done before."""
