"""What `buf lint` cannot see: declarations, request ids, bounds and subjects of the contract."""

import re

import pytest
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from buf.validate import validate_pb2
from nectary.risk.v1 import policy_pb2
from tests.architecture.contract import methods, request_fields

NOT_IDEMPOTENT = {
    "nectary.common.v1.TestClockService.AdvanceTime": "moves the clock by a step: twice is two steps",
    "nectary.risk.v1.RiskService.Evaluate": "counts a call: twice is two calls",
}
"""Method without an idempotency level → why calling it twice may differ from once."""

NO_REQUEST_ID = {
    "nectary.honey.v1.WalletService.BatchPost": "each posting has a request id of its own",
    "nectary.common.v1.TestClockService.SetTime": "sets a value: the request is its own identity",
    "nectary.common.v1.TestClockService.AdvanceTime": "only on a test server, before whoever moves it",
    "nectary.risk.v1.RiskService.Evaluate": "a repeat may be refused where one was not, never the reverse",
}
"""Mutation without a `request_id` → how a caller may safely repeat it, or why nobody does."""

UNJUDGED = {
    **dict.fromkeys(
        ("ApplyRules", "ConfirmSuspect", "ReleaseSuspect", "AllowSubject"),
        "mends rules or list, and must get through whatever they say",
    ),
    **dict.fromkeys(
        ("GetRules", "ReplayDecisions", "SimulateRules"),
        "is how one finds out which rule to mend",
    ),
    **dict.fromkeys(
        ("ListSuspects", "GetSubject", "ListDecisions", "ExplainDecision", "ListHotSubjects"),
        "is how one finds out who is on the list by mistake",
    ),
}
"""Method of RiskService that passes without being judged → why. Of other services there is none."""

UNBOUNDED = {
    "page_size": "above the maximum is coerced, as AIP-158 has it",
    "expected_revision": "is compared with the current one, never computed with",
}
"""Field name → why a number has no upper bound; the lower one is there."""

NUMBERS = {
    FieldDescriptor.CPPTYPE_INT32: "int32",
    FieldDescriptor.CPPTYPE_INT64: "int64",
    FieldDescriptor.CPPTYPE_UINT32: "uint32",
    FieldDescriptor.CPPTYPE_UINT64: "uint64",
    FieldDescriptor.CPPTYPE_FLOAT: "float",
    FieldDescriptor.CPPTYPE_DOUBLE: "double",
}
"""Kind of number → the member of FieldRules that bounds it."""

ENDLESS = re.compile(r"[*+]|\{\d*,\}")
"""In a pattern: matches strings of any length."""


def name_of(method: MethodDescriptor) -> str:
    return f"{method.containing_service.full_name}.{method.name}"


every_method = pytest.mark.parametrize("method", methods(), ids=name_of)
every_field = pytest.mark.parametrize("field", request_fields(), ids=lambda field: field.full_name)


@every_method
def test_a_method_declares_its_policy(method: MethodDescriptor) -> None:
    policy = method.GetOptions().Extensions[policy_pb2.policy]
    assert re.fullmatch(r"[a-z]+(\.[a-z_]+)+", policy.scene)
    assert len(policy.scene) <= 64
    assert 0 <= policy.cost <= 1000
    assert policy.failure_class != policy_pb2.FAILURE_CLASS_UNSPECIFIED
    assert policy.callers
    assert policy_pb2.CALLER_ROLE_UNSPECIFIED not in policy.callers


@every_method
def test_only_those_who_mend_are_not_judged_and_no_member_reaches_them(method: MethodDescriptor) -> None:
    policy = method.GetOptions().Extensions[policy_pb2.policy]
    of_risk = method.containing_service.full_name == "nectary.risk.v1.RiskService"
    assert policy.unjudged == (of_risk and method.name in UNJUDGED)
    if policy.unjudged:
        assert set(policy.callers) <= {policy_pb2.CALLER_ROLE_SERVICE, policy_pb2.CALLER_ROLE_OPERATOR}


@every_method
def test_a_method_says_whether_it_may_be_repeated(method: MethodDescriptor) -> None:
    unknown = method.GetOptions().idempotency_level == MethodOptions.IDEMPOTENCY_UNKNOWN
    assert unknown == (name_of(method) in NOT_IDEMPOTENT)


@every_method
def test_a_mutation_takes_a_request_id_first(method: MethodDescriptor) -> None:
    first = method.input_type.fields_by_number.get(1)
    has_request_id = first is not None and first.name == "request_id"
    mutates = method.GetOptions().idempotency_level != MethodOptions.NO_SIDE_EFFECTS
    assert has_request_id == (mutates and name_of(method) not in NO_REQUEST_ID)


@every_field
def test_a_request_field_has_a_bound(field: FieldDescriptor) -> None:
    rules = rules_of(field)
    if not field.is_repeated:
        assert is_bounded(field, rules)
    elif field.message_type and field.message_type.GetOptions().map_entry:
        key, value = field.message_type.fields
        assert rules.map.HasField("max_pairs")
        assert is_bounded(key, rules.map.keys)
        assert is_bounded(value, rules.map.values)
    else:
        assert rules.repeated.HasField("max_items")
        assert is_bounded(field, rules.repeated.items)


def rules_of(field: FieldDescriptor) -> validate_pb2.FieldRules:
    rules = field.GetOptions().Extensions[validate_pb2.field]
    assert isinstance(rules, validate_pb2.FieldRules)
    return rules


def is_bounded(field: FieldDescriptor, rules: validate_pb2.FieldRules) -> bool:
    """Whether `rules` leave no value of the field's type endlessly long, large or unknown."""
    if field.type == FieldDescriptor.TYPE_STRING:
        return is_bounded_string(rules.string)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return bool(rules.bytes.max_len or rules.bytes.len)
    if field.type == FieldDescriptor.TYPE_ENUM:
        return rules.enum.defined_only or bool(getattr(rules.enum, "in"))
    if field.cpp_type in NUMBERS:
        number = getattr(rules, NUMBERS[field.cpp_type])
        low = number.HasField("gt") or number.HasField("gte")
        high = number.HasField("lt") or number.HasField("lte") or field.name in UNBOUNDED
        return (low and high) or bool(getattr(number, "in")) or number.HasField("const")
    if field.message_type and field.message_type.full_name == "google.protobuf.Duration":
        return rules.duration.HasField("lte") or rules.duration.HasField("lt")
    # Booleans have two values, Timestamps the bound that the validating interceptor gives them all (years
    # 1970 to 9999), and the fields of our own messages stand in this list themselves.
    return True


def is_bounded_string(rules: validate_pb2.StringRules) -> bool:
    if rules.HasField("pattern") and rules.pattern.startswith("^") and rules.pattern.endswith("$"):
        return bool(rules.max_len) or not ENDLESS.search(rules.pattern)
    return bool(rules.max_len or rules.len or rules.max_bytes or rules.uuid or getattr(rules, "in"))


@every_field
def test_a_field_that_names_a_member_says_so(field: FieldDescriptor) -> None:
    subject = field.GetOptions().Extensions[policy_pb2.subject]
    names_member = re.fullmatch(r"(\w+_)?member_ids?", field.name) is not None
    assert names_member == (subject == policy_pb2.SUBJECT_MEMBER)
