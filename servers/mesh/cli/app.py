"""The tree of commands."""

from importlib.metadata import version
from typing import Annotated

import typer

from servers.mesh.cli.verbs import (
    bench,
    cards,
    catalog,
    changes,
    clock,
    demo,
    doctor,
    events,
    honey,
    honey_events,
    honey_rules,
    honey_tasks,
    honey_tiers,
    identity,
    member,
    migrate,
    replay,
    risk_decisions,
    risk_rules,
    risk_suspects,
    risk_top,
    seckill,
    seckill_looks,
    seckill_watch,
    serve,
)

HELP = """Nectary, a membership platform as a mesh of gRPC services.

Exit status: 0 done, 1 failed, 2 usage (and for a plan: there are changes), 3 refused by a rule,
4 nobody answers, 5 denied.
"""


def make_app() -> typer.Typer:
    """All commands, in the order in which people need them."""
    app = typer.Typer(
        name="nectary",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(help=HELP, invoke_without_command=True)(_about)
    for module in (demo, serve, migrate, doctor, replay):
        module.register(app)
    for name, about, modules in (
        ("catalog", "What is sold, and by which rules.", (catalog,)),
        ("member", "Which cards a member holds, and changes to them.", (member, changes)),
        ("seckill", "Flash sales.", (seckill, seckill_looks, seckill_watch)),
        ("events", "What happened.", (events,)),
        ("cards", "Physical cards.", (cards,)),
        ("clock", "The clock of a server that was started with --test-clock.", (clock,)),
        ("identity", "Upkeep of the Identity service's data.", (identity,)),
        ("bench", "What this machine makes of a crowd.", (bench,)),
    ):
        group = typer.Typer(help=about, no_args_is_help=True)
        for module in modules:
            module.register(group)
        app.add_typer(group, name=name)
    app.add_typer(_honey(), name="honey")
    app.add_typer(_risk(), name="risk")
    return app


def _honey() -> typer.Typer:
    group = typer.Typer(help="Points.", no_args_is_help=True)
    for module in (honey, honey_events, honey_tasks, honey_tiers):
        module.register(group)
    rules = typer.Typer(help="By what points are kept.", no_args_is_help=True)
    honey_rules.register(rules)
    group.add_typer(rules, name="rules")
    return group


def _risk() -> typer.Typer:
    group = typer.Typer(help="Limits, suspects and decisions.", no_args_is_help=True)
    rules = typer.Typer(help="By what calls are judged.", no_args_is_help=True)
    risk_rules.register(rules)
    group.add_typer(rules, name="rules")
    for module in (risk_suspects, risk_decisions, risk_top):
        module.register(group)
    return group


def _about(
    show: Annotated[bool, typer.Option("--version", is_eager=True, help="Which version this is.")] = False,
) -> None:
    if show:
        print(version("nectary"))
        raise typer.Exit
