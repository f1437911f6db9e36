"""Who may import whom. The tables are the rule; the tests below only read them."""

import ast
import re
import sys

import pytest

from tests.architecture.sources import Import, Source, sources

MAY_IMPORT = {
    "domain": {"domain"},
    # Itself only relatively: the same files also build as the wheel `nectary_client`.
    "clients": {"clients", "nectary", "buf"},
    "servers": {"servers", "domain", "clients", "nectary", "buf"},
    "benchmarks": {"benchmarks", "tests", "servers", "domain", "clients", "nectary", "buf"},
    "tools": {"tools"},
    "tests": {"tests", "tools", "benchmarks", "servers", "domain", "clients", "nectary", "buf"},
}
"""Folder → which of the project's own packages its modules may import. `nectary` and `buf` are generated."""

LIBRARIES = {
    "domain": set[str](),
    "clients": {"google", "grpc"},
}
"""Folder → the libraries it may import beside the standard one. A folder not named may import any."""

IMPURE = {
    "asyncio",
    "io",
    "logging",
    "os",
    "pathlib",
    "random",
    "secrets",
    "socket",
    "subprocess",
    "time",
    "uuid",
}
"""Parts of the standard library that the domain leaves out: rules do no I/O and draw no clock and no lot."""

ASKS_THE_TIME = {
    "servers.mesh.clock": "it is the clock that everybody else is handed",
}
"""Module that reads the wall clock → why it may. `time.monotonic` measures, and is free to all."""

SLICES = {"identity", "benefit", "partner", "honey", "seckill", "risk"}
"""One slice never imports another of any layer: they talk by events and by typed clients."""

KNOWS_EVERY_SLICE = {"servers.mesh.wiring"}
"""The composition root: the one place where slices and mesh meet, so that no other must know both."""

JUDGES_EVERYWHERE = ("servers.mesh.limiting.", "servers.mesh.judging.")
"""Every process judges its own calls, whether the Risk service runs or not: so these modules are part of the
mesh, and may know the rules of `domain.risk`."""

CALLS = {
    "identity": set[str](),
    "honey": {"identity"},
    "partner": {"honey"},
    "benefit": {"partner"},
    "seckill": {"identity"},
    "risk": set[str](),
    "bff": {"identity", "benefit", "partner", "honey", "seckill", "risk"},
}
"""Caller → the services it may call and wait for. Everything else crosses by events."""

MAX_LINES = 300
"""Of a module that we ship; most are a third of that."""

SHIPPED = ("domain", "servers", "clients")
OURS = set(MAY_IMPORT)


def shipped() -> list[Source]:
    return [source for folder in SHIPPED for source in sources(folder)]


def complain(source: Source, found: Import, why: str) -> str:
    return f"{source}:{found.line} imports {found.name}: {why}"


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_a_layer_imports_only_what_its_row_allows(folder: str) -> None:
    own = OURS | {"nectary", "buf"}
    bad = [
        complain(source, found, f"{folder} may import {sorted(MAY_IMPORT[folder])}")
        for source in sources(folder)
        for found in source.imports()
        if (top := found.name.split(".")[0]) in own and top not in MAY_IMPORT[folder]
    ]
    assert not bad, "\n".join(bad)


@pytest.mark.parametrize("folder", LIBRARIES)
def test_a_layer_imports_no_library_but_its_own(folder: str) -> None:
    known = sys.stdlib_module_names | LIBRARIES[folder] | MAY_IMPORT[folder]
    bad = [
        complain(source, found, f"{folder} may use {sorted(LIBRARIES[folder]) or 'the standard library'}")
        for source in sources(folder)
        for found in source.imports()
        if found.name.split(".")[0] not in known
    ]
    assert not bad, "\n".join(bad)


def test_the_domain_does_no_io_and_draws_no_clock_and_no_lot() -> None:
    bad = [
        complain(source, found, "the rules are pure: take it as an argument")
        for source in sources("domain")
        for found in source.imports()
        if found.name.split(".")[0] in IMPURE
    ]
    assert not bad, "\n".join(bad)


def test_nobody_asks_the_time_but_a_clock_handed_in() -> None:
    wall_clock = re.compile(r"(datetime\.(now|utcnow|today)|date\.today|time\.time(_ns)?)$")
    bad = [
        f"{source}:{node.lineno} asks {ast.unparse(node)}"
        for source in shipped()
        if source.module not in ASKS_THE_TIME
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and wall_clock.search(ast.unparse(node))
    ]
    assert not bad, "\n".join(bad)


def test_clients_import_themselves_relatively_and_nothing_else_so() -> None:
    bad = [
        complain(source, found, "relative inside clients, absolute everywhere else")
        for source in shipped()
        for found in source.imports()
        if found.relative != (source.module.split(".")[0] == found.name.split(".")[0] == "clients")
    ]
    assert not bad, "\n".join(bad)


def test_the_oracle_shares_no_code_with_what_it_judges() -> None:
    bad = [
        complain(source, found, "a mistake that both make is one that no comparison finds")
        for source in sources("tests/oracle")
        for found in source.imports()
        if found.name.split(".")[0] in {*SHIPPED, "nectary"}
    ]
    assert not bad, "\n".join(bad)


def judges(module: str, imported: str) -> bool:
    return module.startswith(JUDGES_EVERYWHERE) and imported.startswith("domain.risk.")


def slice_of(module: str) -> str | None:
    """`servers.identity.sql` → `identity`; None for what belongs to no slice."""
    parts = module.split(".")
    if parts[0] in SHIPPED and len(parts) > 1 and parts[1] in SLICES:
        return parts[1]
    return None


def test_a_slice_imports_no_other_slice_and_the_mesh_and_the_store_none() -> None:
    bad = [
        complain(
            source, found, f"{slice_of(source.module) or 'no slice'} may not know {slice_of(found.name)}"
        )
        for source in shipped()
        if source.module not in KNOWS_EVERY_SLICE and source.module != "clients"
        for found in source.imports()
        if found.name.split(".")[0] != "clients"
        and slice_of(found.name) not in {None, slice_of(source.module)}
        and not judges(source.module, found.name)
    ]
    assert not bad, "\n".join(bad)


def test_the_call_graph_is_acyclic() -> None:
    waiting = dict(CALLS)
    while free := {caller for caller, callees in waiting.items() if not callees & waiting.keys()}:
        waiting = {caller: callees for caller, callees in waiting.items() if caller not in free}
    assert not waiting, f"{sorted(waiting)} can wait for each other in a circle"


def services_of_clients() -> dict[str, set[str]]:
    """Name that `clients` offers → the services whose stubs its module uses."""
    stubs = {
        source.module: {
            parts[1]
            for found in source.imports()
            if (parts := found.name.split("."))[0] == "nectary" and parts[-1].endswith("_pb2_grpc")
        }
        for source in sources("clients")
    }
    offered = {
        f"clients.{found.name.split('.')[-1]}": stubs.get(found.name.rpartition(".")[0], set[str]())
        for source in sources("clients")
        if source.module == "clients"
        for found in source.imports()
    }
    return stubs | offered


def test_a_slice_calls_only_the_services_of_its_row() -> None:
    services = services_of_clients()
    bad = [
        complain(source, found, f"{caller} may call {sorted(CALLS[caller]) or 'nobody'}")
        for source in sources("servers")
        if (caller := slice_of(source.module))
        for found in source.imports()
        if (found.name.startswith("clients."))
        and not (services.get(found.name, set()) | services.get(found.name.rpartition(".")[0], set()))
        <= CALLS[caller]
    ]
    assert not bad, "\n".join(bad)


def test_a_module_holds_one_idea() -> None:
    long = [f"{source}: {source.lines} lines" for source in shipped() if source.lines > MAX_LINES]
    assert not long, "\n".join(long)
