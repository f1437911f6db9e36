"""Conditions of rules: CEL over what is known of a call, checked once, evaluated in microseconds.

Nothing that a condition can say takes long: it has no macros, so no loops, and no regular expressions,
whose making alone can take a tenth of a second. What is left is linear in a text of at most 1,000
characters and in values of at most 128, and is measured when rules are loaded all the same.
"""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache, lru_cache
from typing import get_type_hints

from cel_expr_python import cel

from domain.risk.evidence import Truth
from domain.risk.facts import MOST_COST, Circumstances
from domain.risk.rules import Rule
from domain.risk.rules_check import MOST_CONDITION_CHARACTERS
from domain.risk.states import State
from domain.risk.subjects import MOST_CHARACTERS

MOST_SECONDS = 0.001
"""That one evaluation may take."""
KEPT_RESULTS = 4096
"""Of the circumstances met last: calls have few."""

Failed = Callable[[str, str], None]
"""(rule id, what went wrong): told whenever a condition could not be evaluated, not when that is known."""

_MEASURED_TIMES = 3
_MOST_TOLD = 400
_TYPES = {str: cel.Type.STRING, int: cel.Type.INT, bool: cel.Type.BOOL}
_LANGUAGE = """
stdlib:
  disable_macros: true
  include_functions:
    - name: "!_"
    - name: "-_"
    - name: "@in"
    - name: "_!=_"
    - name: "_%_"
    - name: "_&&_"
    - name: "_*_"
    - name: "_+_"
    - name: "_-_"
    - name: "_/_"
    - name: "_<=_"
    - name: "_<_"
    - name: "_==_"
    - name: "_>=_"
    - name: "_>_"
    - name: "_?_:_"
    - name: "_||_"
    - name: "contains"
    - name: "endsWith"
    - name: "size"
    - name: "startsWith"
"""


class Condition:
    """One condition, ready to be asked. Raises ValueError, which says why, if it cannot be one."""

    def __init__(self, text: str) -> None:
        if len(text) > MOST_CONDITION_CHARACTERS:
            raise ValueError(f"{len(text)} characters; allowed: {MOST_CONDITION_CHARACTERS}")
        try:
            self._expression = _environment().compile(text)
        except RuntimeError as error:
            raise ValueError(str(error)[:_MOST_TOLD]) from error
        if self._expression.return_type() != cel.Type.BOOL:
            raise ValueError(f"is {self._expression.return_type().name()}, not true or false")

    def ask(self, about: Circumstances) -> bool:
        """What it says. Raises ValueError if it cannot be evaluated: a division by zero."""
        try:
            said = self._expression.eval(data=about._asdict()).value()
        except RuntimeError as error:
            raise ValueError(str(error)[:_MOST_TOLD]) from error
        if not isinstance(said, bool):
            raise ValueError(str(said)[:_MOST_TOLD])
        return said


def what_is_wrong(text: str, most_seconds: float = MOST_SECONDS) -> str:
    """Why a text cannot be a condition; empty if it can. Takes some milliseconds."""
    try:
        condition = Condition(text)
    except ValueError as error:
        return str(error)
    seconds = max(min(_seconds(condition, one) for _ in range(_MEASURED_TIMES)) for one in _EXTREMES)
    if seconds > most_seconds:
        return f"takes {seconds * 1000:.1f} ms; allowed: {most_seconds * 1000:.1f} ms"
    return ""


class Conditions:
    """The conditions of rules that are in force, or are being tried."""

    def __init__(self, rules: Iterable[Rule], failed: Failed) -> None:
        """Raises ValueError, which names the rule, if a condition cannot be one."""
        self._failed = failed
        self._conditions = {rule.rule_id: _named(rule) for rule in rules if rule.condition}
        self._known = lru_cache(KEPT_RESULTS)(self._asked)

    def truth(self, rule: Rule, about: Circumstances) -> Truth:
        """What the condition of one of the rules says."""
        return self._known(rule.rule_id, about) if rule.condition else Truth.TRUE

    def _asked(self, rule_id: str, about: Circumstances) -> Truth:
        try:
            return Truth.TRUE if self._conditions[rule_id].ask(about) else Truth.FALSE
        except ValueError as error:
            self._failed(rule_id, str(error))
            return Truth.ERROR


def _named(rule: Rule) -> Condition:
    try:
        return Condition(rule.condition)
    except ValueError as error:
        raise ValueError(f"{rule.rule_id}: {error}") from error


def _seconds(condition: Condition, about: Circumstances) -> float:
    began = time.perf_counter()
    # Of some calls it says nothing, which `on_error` deals with; here only the time counts.
    with suppress(ValueError):
        condition.ask(about)
    return time.perf_counter() - began


def _of_length(characters: int, cost: int, *, named: bool) -> Circumstances:
    text, state = "a" * characters, State.CONFIRMED if named else State.NONE
    return Circumstances(
        text, text, text, text, cost, named, named, named, "IPV6" if named else "", state, state, state
    )


_EXTREMES = (_of_length(0, 0, named=False), _of_length(MOST_CHARACTERS, MOST_COST, named=True))


@cache
def _environment() -> cel.Env:
    variables = {name: _TYPES[kind] for name, kind in get_type_hints(Circumstances).items()}
    return cel.NewEnv(config=cel.NewEnvConfigFromYaml(_LANGUAGE), variables=variables)
