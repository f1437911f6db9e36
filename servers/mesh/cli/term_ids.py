"""Term ids as people see and type them: their first characters, as long as no other term begins so."""

from collections.abc import Iterable, Mapping

from servers.mesh.cli.exits import CommandError, UsageError
from servers.mesh.cli.session import Mesh

SHORTEST = 6


def short_ids(term_ids: Iterable[str]) -> Mapping[str, str]:
    """Every id with its shortest unambiguous beginning."""
    ids = list(term_ids)
    return {one: _beginning(one, [other for other in ids if other != one]) for one in ids}


def full_id(typed: str, term_ids: Iterable[str]) -> str:
    """The id that was meant. Raises CommandError if there is none, UsageError if there are several."""
    ids = list(term_ids)
    if typed in ids:
        return typed
    found = [one for one in ids if one.startswith(typed)]
    if not found:
        raise CommandError(f"the member has no term {typed}", hint="nectary member show MEMBER")
    if len(found) > 1:
        raise UsageError(f"several terms begin with {typed}: {', '.join(found)}")
    return found[0]


async def find_term(mesh: Mesh, member_id: str, typed: str) -> str:
    """As `full_id`, among the member's terms."""
    timeline = await mesh.identity.get_timeline(member_id)
    return full_id(typed, [term.term_id for term in timeline.terms])


def _beginning(one: str, others: list[str]) -> str:
    for length in range(SHORTEST, len(one)):
        if not any(other.startswith(one[:length]) for other in others):
            return one[:length]
    return one
