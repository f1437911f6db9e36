"""gRPC's authorization format (A43): how rules match, and which files are refused."""

import json
from typing import Any

import pytest

from servers.mesh.access_policy import AccessPolicy, parse_access_policy

HONEY = "spiffe://mesh.example/svc/honey"
LIST = "/nectary.identity.v1.IdentityService/ListIdentities"


def policy(*allow: dict[str, Any], deny: tuple[dict[str, Any], ...] = ()) -> AccessPolicy:
    return parse_access_policy(json.dumps({"name": "p", "allow_rules": allow, "deny_rules": deny}))


def rule(**parts: Any) -> dict[str, Any]:
    return {"name": "r", **parts}


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        (HONEY, True), ("spiffe://mesh.example/svc/*", True), ("*/honey", True), ("*", True),
        ("spiffe://mesh.example/svc/hon", False), ("spiffe://mesh.example/svc/honeyX", False),
        ("*/hone", False), ("spiffe://other/*", False),
    ],
)  # fmt: skip
def test_principals_match_exactly_by_prefix_by_suffix_or_by_presence(pattern: str, allowed: bool) -> None:
    rules = policy(rule(source={"principals": [pattern]})).about(LIST)
    assert rules.allows(HONEY, ()) is allowed


def test_presence_means_a_name_that_is_not_empty_and_absence_means_everybody() -> None:
    assert not policy(rule(source={"principals": ["*"]})).about(LIST).allows("", ())
    assert policy(rule()).about(LIST).allows("", ())


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        (LIST, True),
        ("/nectary.identity.v1.IdentityService/*", True),
        ("*/ListIdentities", True),
        ("/x", False),
    ],
)
def test_paths_match_likewise(pattern: str, allowed: bool) -> None:
    assert policy(rule(request={"paths": [pattern]})).about(LIST).allows(HONEY, ()) is allowed


def test_all_parts_of_a_rule_must_match_and_one_entry_of_each_list() -> None:
    rules = policy(
        rule(
            source={"principals": ["x", HONEY]},
            request={
                "paths": [LIST],
                "headers": [{"key": "X-Team", "values": ["a", "loy*"]}, {"key": "y", "values": ["*"]}],
            },
        )
    ).about(LIST)
    assert rules.allows(HONEY, [("x-team", "loyalty"), ("y", "1")])
    assert not rules.allows(HONEY, [("x-team", "loyalty")])
    assert not rules.allows(HONEY, [("x-team", "b"), ("y", "1")])
    assert not rules.allows("z", [("x-team", "loyalty"), ("y", "1")])


def test_repeated_headers_are_compared_as_one_joined_value() -> None:
    rules = policy(rule(request={"headers": [{"key": "k", "values": ["a"]}]})).about(LIST)
    assert not rules.allows(HONEY, [("k", "a"), ("k", "b")])


def test_a_deny_rule_wins_over_every_allow_rule() -> None:
    rules = policy(rule(), deny=(rule(source={"principals": ["*/honey"]}),)).about(LIST)
    assert not rules.allows(HONEY, ())
    assert rules.allows("spiffe://mesh.example/svc/partner", ())


def test_what_no_rule_allows_is_denied() -> None:
    assert not policy(rule(source={"principals": ["nobody"]})).about(LIST).allows(HONEY, ())


@pytest.mark.parametrize(
    "document",
    [
        "not json", "[]", "{}", '{"name": "p"}', '{"name": "p", "allow_rules": []}',
        '{"name": "", "allow_rules": [{"name": "r"}]}',
        '{"name": "p", "allow_rules": [{"name": "r"}], "alow_rules": []}',
        '{"name": "p", "allow_rules": [{}]}',
        '{"name": "p", "allow_rules": [{"name": "r", "sources": {}}]}',
        '{"name": "p", "allow_rules": [{"name": "r", "source": {"principals": []}}]}',
        '{"name": "p", "allow_rules": [{"name": "r", "source": {"principals": [1]}}]}',
        '{"name": "p", "allow_rules": [{"name": "r", "source": {"users": ["x"]}}]}',
        '{"name": "p", "allow_rules": [{"name": "r", "request": {"paths": "x"}}]}',
        '{"name": "p", "allow_rules": [{"name": "r", "request": {"headers": [{"key": "k"}]}}]}',
    ],
)  # fmt: skip
def test_a_file_with_any_mistake_is_refused_whole(document: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # each says something else
        parse_access_policy(document)


@pytest.mark.parametrize("key", ["grpc-timeout", ":path", "host", "te", "trace-bin"])
def test_headers_that_belong_to_the_transport_cannot_be_matched(key: str) -> None:
    with pytest.raises(ValueError, match="cannot be matched"):
        policy(rule(request={"headers": [{"key": key, "values": ["1"]}]}))
