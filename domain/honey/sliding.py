"""Lots that slide: they live on as long as the member is active, which the ledger itself says (`ACTIVITIES`).

Whoever earns or spends prolongs all lots that slide and have something left, at most once a day: they expire
at the end of one. So burn order and what falls due go by instants that are the true ones (HO-9, HO-12). A lot
of which nothing is left is not followed. If points come back to it, it lives as if something had been left.
"""

from domain.honey.earning_expiry import prolonged
from domain.honey.lots import Lot
from domain.honey.wallet import Wallet


def be_active(wallet: Wallet) -> None:
    """The member has earned or spent points: to be called when that is posted."""
    zone = wallet.programme.zone
    for lot in wallet.sliding_lots():
        if lot.sliding and lot.expires is not None:
            until = prolonged(lot.sliding, lot.expires, wallet.now, zone)
            if until != lot.expires:
                wallet.prolong(lot, until)
    wallet.renewed()


def follow(wallet: Wallet, lot: Lot) -> None:
    """Points will come back to a lot: what the member did while nothing was left of it prolongs it first."""
    if lot.sliding is None or lot.expires is None or lot.remaining:
        return
    until, zone = lot.expires, wallet.programme.zone
    # The last activity before it would have expired prolongs it furthest: few steps, however much was done.
    while (active := wallet.last_active(until)) is not None:
        later = prolonged(lot.sliding, until, active, zone)
        if later == until:
            break
        until = later
    wallet.prolong(lot, until)
