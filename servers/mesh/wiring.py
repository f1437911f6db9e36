"""The composition root: the one module of `servers/mesh` that knows the slices.

A slice is a function of the shared `Resources`; put it into SLICES, and `nectary serve NAME` serves it.
"""

from collections.abc import Mapping

from servers.honey.slice import honey_slice
from servers.identity.slice import identity_slice
from servers.mesh.process import SliceMaker
from servers.risk.slice import risk_slice
from servers.seckill.slice import seckill_slice

SLICES: Mapping[str, SliceMaker] = {
    "identity": identity_slice,
    "seckill": seckill_slice,
    "risk": risk_slice,
    "honey": honey_slice,
}
"""Every service of the mesh, by its name on the command line."""
