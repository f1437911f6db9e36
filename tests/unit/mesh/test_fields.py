"""Marked fields are found wherever they are nested, and only looked for where they can be."""

import itertools

from google.protobuf.message import Message

from nectary.testing.v1 import echo_service_pb2 as pb
from servers.mesh.fields import Fields
from servers.mesh.subjects import MEMBERS, SECRETS, values_of


def members(message: Message) -> dict[str, str]:
    find = MEMBERS.finder(pb.LookRequest.DESCRIPTOR)
    assert find is not None
    return dict(find(message))


def test_members_are_found_in_fields_lists_maps_and_messages_of_their_own_kind() -> None:
    request = pb.LookRequest(
        member_id="a",
        member_ids=["b", "c"],
        seats=[pb.Seat(member_id="d", neighbour=pb.Seat(neighbour=pb.Seat(member_id="e")))],
        by_name={"left": pb.Seat(member_id="f")},
        note="g",
    )
    assert members(request) == {
        "member_id": "a",
        "member_ids[0]": "b",
        "member_ids[1]": "c",
        "seats[0].member_id": "d",
        "seats[0].neighbour.neighbour.member_id": "e",
        'by_name["left"].member_id': "f",
    }


def test_fields_that_are_not_set_are_not_found() -> None:
    assert members(pb.LookRequest(note="x", seats=[pb.Seat()])) == {}


def test_a_type_in_which_no_mark_can_occur_has_no_finder() -> None:
    assert MEMBERS.finder(pb.EchoRequest.DESCRIPTOR) is None
    assert SECRETS.finder(pb.LookRequest.DESCRIPTOR) is None


def test_a_finder_is_made_once_a_type() -> None:
    counted = itertools.count()

    fields = Fields(lambda field: next(counted) >= 0 and field.name == "text")
    first = fields.finder(pb.EchoRequest.DESCRIPTOR)
    made = next(counted)
    assert fields.finder(pb.EchoRequest.DESCRIPTOR) is first
    assert next(counted) == made + 1


def test_values_are_read_without_a_walk_where_all_marks_are_at_the_top() -> None:
    texts = Fields(lambda field: field.name in {"text", "caller"})
    assert texts.at_top(pb.EchoRequest.DESCRIPTOR) == ("text",)
    assert texts.at_top(pb.EchoResponse.DESCRIPTOR) == ("text", "caller")
    assert texts.at_top(pb.HoldRequest.DESCRIPTOR) == ()
    assert MEMBERS.at_top(pb.LookRequest.DESCRIPTOR) is None
    both = values_of(texts, pb.EchoResponse.DESCRIPTOR)
    one = values_of(texts, pb.EchoRequest.DESCRIPTOR)
    assert both is not None
    assert one is not None
    assert list(both(pb.EchoResponse(text="a", caller="b"))) == ["a", "b"]
    assert list(one(pb.EchoRequest(text="a"))) == ["a"]
    assert values_of(texts, pb.HoldRequest.DESCRIPTOR) is None


def test_values_are_read_wherever_they_are_nested() -> None:
    read = values_of(MEMBERS, pb.LookRequest.DESCRIPTOR)
    assert read is not None
    request = pb.LookRequest(member_ids=["a", "b"], seats=[pb.Seat(member_id="c")])
    assert list(read(request)) == ["a", "b", "c"]
