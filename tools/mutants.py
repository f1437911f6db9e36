"""Breaks the code on purpose, one invariant at a time, and sees that the tests notice.

    python -m tools.mutants [INVARIANT ...]

Each `tests/mutants/<slice>.toml` lists mutants: which text of which file becomes what, the invariant that
this breaks, and the tests that must fail then. A mutant is tried in a copy of the tree, so nothing here
is ever left broken. Exit status 1 if a mutant survived, no longer fits the code, or the unbroken code fails.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPIED = ("domain", "servers", "clients", "generated", "tests", "examples", "pyproject.toml")
PYTEST = ("-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0")
FAILED = 1
"""Exit status of pytest when a test failed; any other but 0 means that it could not run."""
TRY_SECONDS = 300
JOBS = 2


class Outcome(Enum):
    """What became of a mutant; only a caught one is good."""

    CAUGHT = "caught"
    SURVIVED = "SURVIVED: no test noticed"
    MISFIT = "MISFIT: its text is not in the file exactly once"
    NOT_RUN = "NOT RUN: pytest could not run its tests"


@dataclass(frozen=True)
class Mutant:
    """One way to break one invariant."""

    invariant: str
    """Its name in the specification: `ID-7`."""
    breaks: str
    """What goes wrong, in words."""
    file: str
    old: str
    """Stands in the file exactly once."""
    new: str
    tests: list[str]
    """What pytest is given: files, folders or test ids."""


def mutants_of(folder: Path) -> list[Mutant]:
    """What the TOML files of a folder list, in their order. Raises TypeError for an unknown key."""
    tables = [tomllib.loads(path.read_text()) for path in sorted(folder.glob("*.toml"))]
    return [Mutant(**row) for table in tables for row in table["mutant"]]


def try_out(mutant: Mutant, root: Path = ROOT) -> Outcome:
    """Breaks a copy of `root` and runs the mutant's tests there."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = copy_of(root, Path(folder))
        path = copy / mutant.file
        text = path.read_text() if path.exists() else ""
        if text.count(mutant.old) != 1:
            return Outcome.MISFIT
        path.write_text(text.replace(mutant.old, mutant.new))
        status = run_tests(copy, mutant.tests)
    return {0: Outcome.SURVIVED, FAILED: Outcome.CAUGHT}.get(status, Outcome.NOT_RUN)


def copy_of(root: Path, folder: Path) -> Path:
    for name in COPIED:
        if (root / name).is_dir():
            shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (root / name).exists():
            shutil.copy(root / name, folder / name)
    return folder


def run_tests(root: Path, tests: list[str], seconds: int | None = TRY_SECONDS) -> int:
    """Exit status of pytest, run with only what stands under `root`. A hang counts as a failed test."""
    command = [sys.executable, *PYTEST, f"--rootdir={root}", *tests]
    environment = {**os.environ, "HYPOTHESIS_PROFILE": "mutants"}
    try:
        return subprocess.run(
            command, cwd=root, env=environment, capture_output=True, timeout=seconds, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        return FAILED


def main(arguments: list[str]) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument("invariants", nargs="*", help="only these, for example ID-7; all if none is named")
    wanted = set(parser.parse_args(arguments).invariants)
    mutants = [m for m in mutants_of(ROOT / "tests" / "mutants") if not wanted or m.invariant in wanted]
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    if not tests:
        print("no mutant is listed")
        return 1
    if run_tests(ROOT, tests, seconds=None):
        print("the tests fail on the unbroken code: mend that first")
        return 1
    with ThreadPoolExecutor(JOBS) as pool:
        outcomes = []
        for mutant, outcome in zip(mutants, pool.map(try_out, mutants), strict=True):
            print(f"{mutant.invariant:6} {mutant.breaks}: {outcome.value}", flush=True)
            outcomes.append(outcome)
    bad = sum(outcome is not Outcome.CAUGHT for outcome in outcomes)
    print(f"{len(outcomes) - bad} of {len(outcomes)} mutants caught")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
