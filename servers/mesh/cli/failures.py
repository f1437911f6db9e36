"""Errors as the person at the terminal, or the script, is told them: never as a trace."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from servers.mesh.cli.exits import CommandError, Exit
from servers.mesh.cli.output import plain
from servers.mesh.cli.session import Session

_STATUSES = {
    "Refused": Exit.REFUSED,
    "Unavailable": Exit.UNREACHABLE,
    "DeadlineExceeded": Exit.UNREACHABLE,
    "Forbidden": Exit.DENIED,
    "Unauthenticated": Exit.DENIED,
}
"""Kind of `clients.NectaryError` → exit status; any other is FAILED."""


def tell(error: Exception, session: Session) -> Exit:
    """Prints an error to standard error, in JSON if asked so, and says how the command ends."""
    status, told = _told(error, session)
    if session.debug:
        session.output.errors.print_exception()
    if session.output.as_json:
        print(json.dumps({"error": told}, ensure_ascii=False), file=sys.stderr)
    else:
        for line in _lines(told):
            session.output.errors.print(plain(line), markup=False)
    return status


def _told(error: Exception, session: Session) -> tuple[Exit, dict[str, Any]]:
    if isinstance(error, CommandError):
        return error.status, {"message": error.message, "hint": error.hint}
    from clients import NectaryError
    from servers.mesh.settings import ConfigError

    if isinstance(error, ConfigError):
        problems = [
            {"field": one.key, "description": f"read {one.read}; allowed: {one.allowed}"}
            for one in error.problems
        ]
        return Exit.FAILED, {"message": "the configuration cannot be used", "violations": problems}
    if isinstance(error, NectaryError):
        return _STATUSES.get(type(error).__name__, Exit.FAILED), _of_call(error, session)
    hint = "" if session.debug else "--debug shows where"
    return Exit.FAILED, {"message": f"{type(error).__name__}: {error}", "hint": hint}


def _of_call(error: Any, session: Session) -> dict[str, Any]:
    return {
        "code": error.code.name,
        "reason": error.reason,
        "message": error.message,
        "metadata": dict(sorted(error.metadata.items())),
        "violations": [
            {"field": one.field, "reason": one.reason, "description": one.description}
            for one in error.violations
        ],
        "hint": _hint(error, session),
    }


def _hint(error: Any, session: Session) -> str:
    kind = type(error).__name__
    if kind == "Unavailable" and not error.reason:
        return f"nobody answers at {session.target.address} ({session.target.because}): nectary doctor"
    if kind == "Unimplemented":
        return "this server does not serve that; the clock needs `nectary serve --test-clock`"
    if kind == "Unauthenticated":
        return "set NECTARY_TOKEN, or NECTARY_CA, NECTARY_CERT and NECTARY_KEY"
    if error.retry_after_seconds:
        return f"try again in {error.retry_after_seconds:g} s"
    return ""


def _lines(told: Mapping[str, Any]) -> list[str]:
    reason = told.get("reason") or told.get("code")
    lines = (f"error: {reason}: {told['message']}" if reason else f"error: {told['message']}").splitlines()
    lines += [f"  {name}: {value}" for name, value in (told.get("metadata") or {}).items()]
    for one in told.get("violations") or ():
        lines.append(f"  {one['field'] or '(the request)'}: {one['description']}")
    if told.get("hint"):
        lines += f"hint: {told['hint']}".splitlines()
    return lines
