"""Names of subjects, and what a call says of them."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.risk.charging import MOST_CHARGES, charges, counted_limit, keys, window_number
from domain.risk.evidence import circumstances, seen
from domain.risk.facts import MOST_COST, MOST_SUBJECTS
from domain.risk.limit import MOST_RULE_ID
from domain.risk.rules import Limit, Rollout
from domain.risk.states import State
from domain.risk.subjects import Subject, SubjectKind, canonical_address, subject_named
from domain.risk.suspects import Snooze
from tests.fakes import EPOCH
from tests.unit.risk.cases import ANN, HOME, PHONE, SCENE, a_call, a_rule, an_entry

MEMBERS = tuple(Subject(SubjectKind.MEMBER, f"m{number}") for number in range(5))
DEVICES = tuple(Subject(SubjectKind.DEVICE, f"d{number}") for number in range(2))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_itself_mapped_or_not(address: IPv4Address) -> None:
    assert canonical_address(str(address)) == canonical_address(f"::ffff:{address}") == str(address)


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_ipv6_addresses_of_one_network_are_one(address: IPv6Address, host: int) -> None:
    if address.ipv4_mapped:
        return
    neighbour = IPv6Address(int(address) >> 64 << 64 | host)
    name = canonical_address(str(address))
    assert name == canonical_address(name)
    if not neighbour.ipv4_mapped:
        assert name == canonical_address(str(neighbour)) == canonical_address(neighbour.exploded.upper())
    assert ip_address(str(address)) in ip_network(name)


def test_a_zone_is_no_part_of_an_address() -> None:
    assert canonical_address("fe80::1%eth0") == "fe80::/64"


@pytest.mark.parametrize("text", ["", "localhost", "192.0.2.0/24", "2001:db8::/48", "192.0.2.7:80", "1.2.3"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical_address(text)


@given(st.sampled_from([*SubjectKind]), st.text(min_size=1, max_size=128))
def test_a_subject_is_found_by_its_name(kind: SubjectKind, value: str) -> None:
    assert subject_named(str(Subject(kind, value))) == Subject(kind, value)


@pytest.mark.parametrize("name", ["", "ann", "PERSON:ann", "MEMBER:", "MEMBER:" + "a" * 129])
def test_other_names_are_no_subjects(name: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        subject_named(name)


def test_a_call_is_bounded() -> None:
    with pytest.raises(ValueError, match="17 subjects"):
        a_call(*(Subject(SubjectKind.MEMBER, str(number)) for number in range(MOST_SUBJECTS + 1)))
    for cost in (-1, MOST_COST + 1):
        with pytest.raises(ValueError, match="cost"):
            a_call(cost=cost)


def test_everyone_of_a_call_is_looked_up_once() -> None:
    facts = a_call(ANN, PHONE, ANN)
    assert [str(one) for one in facts.everyone()] == [
        "MEMBER:ann",
        "DEVICE:phone",
        "CALLER:bff",
        "METHOD:/nectary.identity.v1.IdentityService/CreateOrder",
        f"SCENE:{SCENE}",
    ]
    assert not any(one.kind is SubjectKind.CALLER for one in a_call(caller="").everyone())


def test_conditions_see_the_hardest_state_of_each_kind() -> None:
    bob = Subject(SubjectKind.MEMBER, "bob")
    entries = [an_entry(ANN, State.SUSPECT), an_entry(bob, State.CHALLENGED), an_entry(HOME, State.RELEASED)]
    found = tuple(one for entry in entries if (one := seen(entry, EPOCH)))
    about = circumstances(a_call(ANN, bob, HOME), found)
    assert (about.member_state, about.device_state, about.address_state) == ("CHALLENGED", "NONE", "RELEASED")
    assert (about.has_member, about.has_device, about.address_family) == (True, False, "IPV4")


def test_an_entry_says_nothing_when_it_is_over_unless_a_rule_is_snoozed() -> None:
    over = an_entry(ANN, State.CONFIRMED, expires=EPOCH)
    assert seen(over, EPOCH - 1) is not None
    assert seen(over, EPOCH) is None
    dozing = an_entry(ANN, State.CONFIRMED, expires=EPOCH, snoozes=(Snooze("a", EPOCH + 1),))
    found = seen(dozing, EPOCH)
    assert found
    assert (found.state, found.snoozed) == (State.NONE, ("a",))


def test_a_call_is_counted_by_every_combination_of_what_it_names() -> None:
    facts = a_call(*MEMBERS[:2], *DEVICES)
    found = keys((SubjectKind.MEMBER, SubjectKind.DEVICE), facts)
    assert [key.name for key in found] == ["2:m02:d0", "2:m02:d1", "2:m12:d0", "2:m12:d1"]
    assert keys((SubjectKind.MEMBER, SubjectKind.PAYMENT), facts) == []
    assert [key.name for key in keys((SubjectKind.SCENE,), facts)] == [SCENE]


@given(st.lists(st.text(alphabet="1:m", min_size=1, max_size=5), min_size=4, max_size=4))
def test_no_two_keys_look_alike(values: list[str]) -> None:
    """Whoever chooses its device's name cannot fall into the window of another member's device."""

    def key(member: str, device: str) -> str:
        call = a_call(Subject(SubjectKind.MEMBER, member), Subject(SubjectKind.DEVICE, device))
        (found,) = keys((SubjectKind.MEMBER, SubjectKind.DEVICE), call)
        return found.name

    one, other = (values[0], values[1]), (values[2], values[3])
    assert (key(*one) == key(*other)) == (one == other)


def test_rules_take_their_places_by_id_and_what_does_not_fit_is_passed_over() -> None:
    facts = a_call(*MEMBERS, *DEVICES)
    both = Limit((SubjectKind.MEMBER, SubjectKind.DEVICE), 5, 1_000)
    rules = [a_rule(rule_id="c"), a_rule(both, "b"), a_rule(rule_id="a"), a_rule(rule_id="d")]
    assert [charge.rule.rule_id for charge in charges(rules, facts)] == ["a"] * 5, "b needs 10, c and d 5"
    few = a_call(ANN, DEVICES[0])
    assert [charge.rule.rule_id for charge in charges(rules, few)] == ["a", "b", "c", "d"]


def test_limits_in_shadow_have_places_of_their_own() -> None:
    shadow = Rollout(shadow=True)
    rules = [a_rule(rule_id=f"a{n}", rollout=shadow) for n in range(9)] + [a_rule(rule_id="z")]
    found = charges(rules, a_call())
    assert [(charge.rule.rule_id, charge.enforced) for charge in found[:1]] == [("z", True)]
    assert len(found) == 1 + MOST_CHARGES


def test_a_limit_is_counted_under_the_number_of_its_rule_whatever_it_says() -> None:
    before, after = a_rule(), a_rule(Limit((SubjectKind.MEMBER,), 99, 5_000), version=7)
    assert counted_limit(before).rule_id == counted_limit(after).rule_id == window_number("a")
    assert (counted_limit(after).units, counted_limit(after).version) == (99, 7)
    assert (counted_limit(after).name, counted_limit(after).subject) == ("a", "member")


@given(st.text(min_size=1, max_size=36))
def test_window_numbers_fit_their_keys(rule_id: str) -> None:
    assert 1 <= window_number(rule_id) <= MOST_RULE_ID
