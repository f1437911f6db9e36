"""`python -m servers.mesh.worker SERVICE...`: one process, configured by its environment alone.

This is what `workers` starts; people use `nectary serve`.
"""

import os
import sys

from servers.mesh.config import load
from servers.mesh.serve import run_here
from servers.mesh.wiring import SLICES


def main() -> None:
    """Serves the services named on the command line until SIGTERM."""
    run_here(load(None, os.environ), [SLICES[name] for name in sys.argv[1:]])


if __name__ == "__main__":
    main()
