"""What makes a function a command: its common options, its event loop, and how it ends.

    @verb(app, "show")
    async def show(session: Session, member_id: Annotated[str, Argument()]) -> None:

A verb returns None or an Exit; whatever it raises is told without a trace, with a status of its own.
"""

import inspect
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, get_type_hints

import typer

from servers.mesh.cli.exits import Exit
from servers.mesh.cli.moments import DEFAULT_ZONE
from servers.mesh.cli.output import Output
from servers.mesh.cli.session import Session

_PANEL = "Options of every command"

Target = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT",
        help="Or unix:/path. Default: $NECTARY_TARGET, the server of this folder, 127.0.0.1:50051.",
        rich_help_panel=_PANEL,
    ),
]
Zone = Annotated[
    str, typer.Option(metavar="NAME", help="Time zone of moments read and shown.", rich_help_panel=_PANEL)
]
AsJson = Annotated[bool, typer.Option("--json", help="Results as JSON.", rich_help_panel=_PANEL)]
Debug = Annotated[bool, typer.Option("--debug", help="Show where an error arose.", rich_help_panel=_PANEL)]

_LOCAL: dict[str, tuple[Any, Any]] = {"as_json": (AsJson, False), "debug": (Debug, False)}
_REMOTE: dict[str, tuple[Any, Any]] = {"target": (Target, None), "zone": (Zone, DEFAULT_ZONE), **_LOCAL}

Handler = Callable[..., Coroutine[Any, Any, Exit | None] | Exit | None]


def verb(app: typer.Typer, name: str, *, local: bool = False) -> Callable[[Handler], Handler]:
    """Adds a function to `app` as the command `name`; a `local` one calls no server."""

    def add(handler: Handler) -> Handler:
        def command(
            *, as_json: bool, debug: bool, target: str | None = None, zone: str = DEFAULT_ZONE, **given: Any
        ) -> None:
            session = Session(Output(as_json=as_json), target, zone, debug)
            if status := _ended(handler, session, given):
                raise typer.Exit(int(status))

        command.__doc__ = handler.__doc__
        _sign(command, handler, _LOCAL if local else _REMOTE)
        app.command(name)(command)
        return handler

    return add


def _sign(command: Callable[..., None], handler: Handler, common: dict[str, tuple[Any, Any]]) -> None:
    """Gives the command the handler's options, the session excepted, and the common ones."""
    hints = get_type_hints(handler, include_extras=True)
    own = [one for one in inspect.signature(handler).parameters.values() if one.name != "session"]
    parameters = [one.replace(kind=one.KEYWORD_ONLY, annotation=hints[one.name]) for one in own]
    for name, (annotation, default) in common.items():
        kind = inspect.Parameter.KEYWORD_ONLY
        parameters.append(inspect.Parameter(name, kind, default=default, annotation=annotation))
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # functions take attributes
    command.__annotations__ = {one.name: one.annotation for one in parameters}


def _ended(handler: Handler, session: Session, given: dict[str, Any]) -> Exit:
    if not session.debug:
        # What goes wrong on the wire is told as an error; the library's own log would only double it.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        result = handler(session, **given)
        status = _run(result) if isinstance(result, Coroutine) else result
        sys.stdout.flush()
        return status or Exit.OK
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone, as `head` does. Python would complain when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except Exception as error:
        from servers.mesh.cli.failures import tell

        return tell(error, session)


def _run(work: Coroutine[Any, Any, Exit | None]) -> Exit | None:
    import asyncio

    import uvloop

    try:
        return uvloop.run(work)
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
