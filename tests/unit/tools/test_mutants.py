"""The mutant runner, on a project of two files."""

from pathlib import Path

import pytest

from tools.mutants import ROOT, Mutant, Outcome, mutants_of, try_out

RULE = "def larger(a: int, b: int) -> int:\n    return a if a > b else b\n"
SHARP = "from domain.rule import larger\n\ndef test_larger() -> None:\n    assert larger(1, 2) == 2\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        # Without it, the installed `domain` would be imported in place of this one.
        "domain/__init__.py": "",
        "domain/rule.py": RULE,
        "tests/test_sharp.py": SHARP,
        "tests/test_blunt.py": "def test_nothing() -> None:\n    pass\n",
        "pyproject.toml": '[tool.pytest]\npythonpath = ["."]\n',
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def a_mutant(*, old: str = "a > b", test: str = "tests/test_sharp.py") -> Mutant:
    return Mutant("X-1", "the smaller is taken", "domain/rule.py", old, "a < b", [test])


def test_a_mutant_that_a_test_notices_is_caught(project: Path) -> None:
    assert try_out(a_mutant(), project) is Outcome.CAUGHT
    assert (project / "domain/rule.py").read_text() == RULE


def test_a_mutant_that_no_test_notices_survives(project: Path) -> None:
    assert try_out(a_mutant(test="tests/test_blunt.py"), project) is Outcome.SURVIVED


def test_a_mutant_whose_text_is_gone_or_stands_twice_is_a_misfit(project: Path) -> None:
    assert try_out(a_mutant(old="a >= b"), project) is Outcome.MISFIT
    assert try_out(a_mutant(old="a"), project) is Outcome.MISFIT


def test_a_mutant_whose_tests_do_not_exist_is_not_taken_for_caught(project: Path) -> None:
    assert try_out(a_mutant(test="tests/test_gone.py"), project) is Outcome.NOT_RUN


def test_a_list_with_an_unknown_key_is_refused(tmp_path: Path) -> None:
    row = '[[mutant]]\ninvariant = "X-1"\nbreaks = "b"\nfile = "f"\nold = "o"\nnew = "n"\ntests = ["t"]\n'
    (tmp_path / "good.toml").write_text(row)
    assert [mutant.invariant for mutant in mutants_of(tmp_path)] == ["X-1"]
    (tmp_path / "typo.toml").write_text(row + 'test = "t"\n')
    with pytest.raises(TypeError, match="test"):
        mutants_of(tmp_path)


@pytest.mark.parametrize("mutant", mutants_of(ROOT / "tests" / "mutants"), ids=lambda mutant: mutant.breaks)
def test_every_mutant_fits_the_code_as_it_is(mutant: Mutant) -> None:
    """They are run by hand: without this one, a change of the code would disarm them unseen."""
    assert (ROOT / mutant.file).read_text().count(mutant.old) == 1
    assert all((ROOT / test.partition("::")[0]).exists() for test in mutant.tests)
