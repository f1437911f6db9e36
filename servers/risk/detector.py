"""Looks back at what was decided: who belongs on the list, and which rule refuses too many.

A job under a lease follows the decisions by their number. What it has seen is kept in memory and made again
from the table when it starts: up to its cursor it only remembers, behind it acts. A change of the list, its
alert and the cursor are one transaction.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

import structlog
from sqlalchemy import Connection

from domain.risk.blast import BlastRadius, Blasting
from domain.risk.decisions import Outcome
from domain.risk.detection import Decided, Detection, Sighting
from domain.risk.rules import RuleSet
from domain.risk.states import hardest, mildest
from domain.shared.errors import Raced, Unavailable
from domain.shared.instants import DAY
from servers.mesh.clock import Clock
from servers.mesh.judging.record import ALLOW
from servers.risk.decided import decided_of
from servers.risk.engine import Engine
from servers.risk.listing import list_all
from servers.risk.sql.cursors import move_cursor, read_cursor
from servers.risk.sql.decisions import Numbered, decisions_after, last_number_before
from servers.risk.sql.rules import SqlRules
from servers.risk.tripping import trip
from servers.store.faults import CommitUnknown
from servers.store.leases import Lease
from servers.store.store import Store

_log = structlog.get_logger("nectary.detector")

CURSOR = "detector"
AT_ONCE = 200
BREATHES_EVERY = 20
"""Calls looked at before others have their turn."""
POLL_SECONDS = 0.2
BLAST_SECONDS = 1.0
LOOKS_BACK = DAY
"""The longest window of a rule."""
TROUBLE = (Raced, Unavailable, CommitUnknown, OSError)
