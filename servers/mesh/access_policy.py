"""The operator's access policy: gRPC's own JSON format (proposal A43, version 1.0), read strictly.

    {"name": "mesh",
     "deny_rules":  [{"name": "no-writes-from-bff", "source": {"principals": ["*/gateway/bff"]}, ...}],
     "allow_rules": [{"name": "honey-reads", "source": {"principals": ["spiffe://mesh.example/svc/honey"]},
                      "request": {"paths": ["/nectary.identity.v1.IdentityService/List*"],
                                  "headers": [{"key": "x-team", "values": ["loyalty*"]}]}}]}

Denied if a deny rule matches, else allowed if an allow rule does, else denied. Within a rule
everything given must match; within a list one entry is enough. An entry is exact (`abc`), a prefix
(`abc*`), a suffix (`*abc`) or anything that is not empty (`*`). A typing error must not open a door,
so an unknown key makes the file bad.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from servers.mesh.call import Metadata

Matcher = tuple[str, str]
"""How to compare, and with what."""


@dataclass(frozen=True)
class Rule:
    """What a call must look like to be meant. An absent part matches everything."""

    name: str
    principals: Sequence[Matcher] | None
    paths: Sequence[Matcher] | None
    headers: Sequence[tuple[str, Sequence[Matcher]]]

    def covers(self, path: str) -> bool:
        """Whether calls of this path can match at all."""
        return self.paths is None or _any_matches(self.paths, path)

    def matches(self, principal: str, metadata: Metadata) -> bool:
        """Whether a call of a covered path does match."""
        if self.principals is not None and not _any_matches(self.principals, principal):
            return False
        return all(_header_matches(key, values, metadata) for key, values in self.headers)


@dataclass(frozen=True)
class AccessPolicy:
    """Deny rules and allow rules."""

    name: str
    deny: Sequence[Rule]
    allow: Sequence[Rule]

    def about(self, path: str) -> "AccessPolicy":
        """The rules that can match calls of one path."""
        return AccessPolicy(
            self.name,
            [rule for rule in self.deny if rule.covers(path)],
            [rule for rule in self.allow if rule.covers(path)],
        )

    def allows(self, principal: str, metadata: Metadata) -> bool:
        """Decides on a call of the path that this policy is `about`."""
        if any(rule.matches(principal, metadata) for rule in self.deny):
            return False
        return any(rule.matches(principal, metadata) for rule in self.allow)


def parse_access_policy(text: str) -> AccessPolicy:
    """Reads a policy file. Raises ValueError saying what is wrong with it."""
    known, required = {"name", "deny_rules", "allow_rules"}, {"name", "allow_rules"}
    document = _object(json.loads(text), "the policy", known, required)
    policy = AccessPolicy(
        name=_text(document["name"], "name"),
        deny=[_rule(entry) for entry in _list(document.get("deny_rules", []), "deny_rules")],
        allow=[_rule(entry) for entry in _list(document["allow_rules"], "allow_rules")],
    )
    if not policy.allow:
        raise ValueError("allow_rules needs at least one rule")
    return policy


def _rule(entry: Any) -> Rule:
    rule = _object(entry, "a rule", {"name", "source", "request"}, {"name"})
    name = _text(rule["name"], "name of a rule")
    source = _object(rule.get("source", {}), f"source of {name}", {"principals"})
    request = _object(rule.get("request", {}), f"request of {name}", {"paths", "headers"})
    return Rule(
        name=name,
        principals=_matchers(source["principals"], name) if "principals" in source else None,
        paths=_matchers(request["paths"], name) if "paths" in request else None,
        headers=[_header(header, name) for header in _list(request.get("headers", []), f"headers of {name}")],
    )


def _header(entry: Any, rule_name: str) -> tuple[str, Sequence[Matcher]]:
    header = _object(entry, f"a header of {rule_name}", {"key", "values"}, {"key", "values"})
    key = _text(header["key"], "key of a header").lower()
    if key.startswith((":", "grpc-")) or key in {"host", "te", "connection"} or key.endswith("-bin"):
        raise ValueError(f"{rule_name}: the header {key} cannot be matched")
    return key, _matchers(header["values"], rule_name)


def _matchers(entries: Any, rule_name: str) -> Sequence[Matcher]:
    listed = _list(entries, f"a list of {rule_name}")
    patterns = [_text(entry, f"an entry of {rule_name}") for entry in listed]
    if not patterns:
        raise ValueError(f"{rule_name}: an empty list would match nothing; leave it out to match everything")
    return [_matcher(pattern) for pattern in patterns]


def _matcher(pattern: str) -> Matcher:
    if pattern == "*":
        return "present", ""
    if pattern.endswith("*"):
        return "prefix", pattern[:-1]
    if pattern.startswith("*"):
        return "suffix", pattern[1:]
    return "exact", pattern


def _any_matches(matchers: Sequence[Matcher], value: str) -> bool:
    return any(
        value == text
        if how == "exact"
        else value.startswith(text)
        if how == "prefix"
        else value.endswith(text)
        if how == "suffix"
        else value != ""
        for how, text in matchers
    )


def _header_matches(key: str, matchers: Sequence[Matcher], metadata: Metadata) -> bool:
    # Repeated headers are one value, joined as HTTP joins them.
    values = [value for name, value in metadata if name == key and isinstance(value, str)]
    return bool(values) and _any_matches(matchers, ",".join(values))


def _object(
    value: Any, what: str, known: Collection[str], required: Collection[str] = ()
) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} must be an object")
    if unknown := sorted(set(value) - set(known)):
        raise ValueError(f"{what} has unknown keys: {', '.join(unknown)}")
    if missing := sorted(set(required) - set(value)):
        raise ValueError(f"{what} lacks: {', '.join(missing)}")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{what} must be a list")
    return value


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{what} must be a text that is not empty")
    return value
