"""The long form: 100,000 honest calls of 500 members behind one address, and an attack beside them.

    make population ARGS='[--members N] [--bursts N]'

Prints what became of both; exit status 1 if an honest call was refused, or less than 99 % of the attack
was once it had gone on for two seconds. Takes some four minutes.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from servers.mesh.logs import configure_logs
from tests.population.crowds import BURST
from tests.population.run import run
from tests.servers import Redis


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--members", type=int, default=500)
    parser.add_argument("--bursts", type=int, default=40, help=f"of {BURST} calls, by each member")
    options = parser.parse_args()
    configure_logs("error")
    server = Redis.valkey().start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            outcome = asyncio.run(run(server.url, Path(folder), options.members, options.bursts))
    finally:
        server.discard()
    honest = outcome.honest
    print(f"honest: {honest.admitted:,} admitted, {honest.refused:,} refused")
    print(f"hammer: {outcome.hammer.admitted:,} admitted, {outcome.hammer.refused:,} refused")
    print(f"scan: {outcome.scan.refused:,} refused")
    print(f"attack refused after two seconds: {outcome.refused_late:.2%}")
    return int(honest.refused > 0 or outcome.refused_late < 0.99)


if __name__ == "__main__":
    sys.exit(main())
