"""Group commit: each command of a group has its own answer, whatever the others meet."""

import asyncio
from typing import Any

from domain.identity.commands.grant import grant_term
from domain.identity.ports import IdentityPorts
from domain.shared.doing import Doing
from domain.shared.errors import DomainError, Invalid, Refused
from servers.identity.sql.unit import Memory, Unit
from servers.identity.writes import identity_writes
from servers.store.idempotency import Key
from servers.store.store import Store
from servers.store.writes import Write, Writes
from tests.contract.identity.commands import a_grant
from tests.fakes import FakeClock
from tests.scenario.identity.whole import assert_whole


def _writes(store: Store) -> Writes[Unit]:
    return identity_writes(store, Memory(), FakeClock(), lambda _: None)


def _a_write(member: str, use_case: Any = grant_term, request_id: str = "", body: bytes = b"") -> Write:
    return Write(
        use_case=use_case,
        command=a_grant(member),
        actor="a test",
        method="GrantTerm",
        body_hash=body.ljust(32, b"."),
        key=Key("a test", request_id or member),
        answer=lambda granted, _: granted.term_id.encode(),
    )


def _refused(*_: Any) -> None:
    raise Refused("RELATION_REJECTS", "not sold to its holders")


def _broken(command: Any, ports: IdentityPorts, doing: Doing) -> None:
    grant_term(command, ports, doing)
    raise ZeroDivisionError("a bug")


async def _together(writes: Writes[Unit], *group: Write) -> list[bytes | BaseException]:
    return await asyncio.gather(*(writes(one) for one in group), return_exceptions=True)


async def test_a_refused_command_leaves_the_others_their_effects(
    identity_store: Store, identity_url: str
) -> None:
    writes = _writes(identity_store)
    good, refused, also_good = await _together(
        writes, _a_write("ann"), _a_write("bob", _refused), _a_write("eve")
    )
    assert isinstance(good, bytes)
    assert isinstance(also_good, bytes)
    assert isinstance(refused, Refused)
    [again] = await _together(writes, _a_write("bob"))
    assert isinstance(again, DomainError), "a refusal is kept under its request id"
    assert again.reason == refused.reason
    assert_whole(identity_url)


async def test_a_command_that_meets_a_bug_fails_alone(identity_store: Store, identity_url: str) -> None:
    writes = _writes(identity_store)
    members = ["ann", "bob", "eve"]
    outcomes = await _together(writes, *map(_a_write, members), _a_write("mallory", _broken), _a_write("zoe"))
    assert isinstance(outcomes.pop(3), ZeroDivisionError)
    assert all(isinstance(outcome, bytes) for outcome in outcomes)
    [retried] = await _together(writes, _a_write("mallory"))
    assert isinstance(retried, bytes), "a bug leaves the request id usable"
    assert_whole(identity_url)


async def test_one_request_id_in_one_group_has_one_effect(identity_store: Store, identity_url: str) -> None:
    same = [_a_write("ann", request_id="one") for _ in range(5)]
    other = _a_write("ann", request_id="one", body=b"another")
    *answers, reused = await _together(_writes(identity_store), *same, other)
    assert len(set(answers)) == 1
    assert isinstance(reused, Invalid)
    assert reused.reason == "IDEMPOTENCY_KEY_REUSED"
    assert_whole(identity_url)
