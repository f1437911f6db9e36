"""Requests and replies are found in the bytes of MySQL and Redis, however they are cut."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.toxics import ALWAYS, DropReply, DropRequest, ForgeError
from tests.toxics.chosen import Chosen
from tests.toxics.events import Answer, Data, Event, Reset
from tests.toxics.mysql import MySqlDialogue
from tests.toxics.resp import RedisDialogue

NOW = 1_000.0


def cut(data: bytes, cuts: set[int]) -> list[bytes]:
    """In pieces that end at `cuts`."""
    ends = sorted(end for end in cuts if 0 < end < len(data))
    return [data[start:end] for start, end in zip([0, *ends], [*ends, len(data)], strict=True)]


def packet(payload: bytes, number: int = 0) -> bytes:
    return len(payload).to_bytes(3, "little") + bytes([number]) + payload


def query(statement: str) -> bytes:
    return packet(b"\x03" + statement.encode())


def command(*words: bytes) -> bytes:
    return b"".join([b"*%d\r\n" % len(words), *(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)])


any_cuts = st.sets(st.integers(1, 400))

REPLIES = [
    b"+OK\r\n",
    b":42\r\n",
    b"-ERR no\r\n",
    b"$5\r\na\r\nbc\r\n",
    b"$-1\r\n",
    b"_\r\n",
    b",3.14\r\n",
    b"#t\r\n",
    b"*-1\r\n",
    b"*0\r\n",
    b"*2\r\n*1\r\n:1\r\n$2\r\n\r\n\r\n",
    b"%1\r\n+key\r\n~2\r\n:1\r\n:2\r\n",
    b"=7\r\ntxt:abc\r\n",
    b"|1\r\n+ttl\r\n:3600\r\n$3\r\nval\r\n",
]


@given(replies=st.lists(st.sampled_from(REPLIES), max_size=8), cuts=any_cuts)
def test_every_reply_of_redis_is_found_and_goes_to_its_request(replies: list[bytes], cuts: set[int]) -> None:
    dialogue = RedisDialogue()
    asked = [f"GET {number}" for number in range(len(replies))]
    dialogue.requests(b"".join(command(*text.encode().split()) for text in asked))

    found = [reply for piece in cut(b"".join(replies), cuts) for reply in dialogue.replies(piece)]

    assert [reply.raw for reply in found] == replies
    assert [reply.to for reply in found] == asked


@given(words=st.lists(st.lists(st.binary(max_size=9), min_size=1, max_size=3), max_size=6), cuts=any_cuts)
def test_every_command_of_redis_is_found(words: list[list[bytes]], cuts: set[int]) -> None:
    sent = [command(*each) for each in words]
    dialogue = RedisDialogue()

    found = [request for piece in cut(b"".join(sent), cuts) for request in dialogue.requests(piece)]

    assert [request.raw for request in found] == sent


def test_what_redis_pushes_answers_nobody() -> None:
    dialogue = RedisDialogue()
    dialogue.requests(command(b"GET", b"a") + b"PING\r\n")

    replies = dialogue.replies(b">2\r\n+invalidate\r\n*0\r\n" + b"+x\r\n+PONG\r\n")

    assert [reply.to for reply in replies] == [None, "GET a", "PING"]


@given(statements=st.lists(st.text(max_size=20), max_size=6), cuts=any_cuts)
def test_every_statement_of_mysql_is_found(statements: list[str], cuts: set[int]) -> None:
    sent = [query(statement) for statement in statements]
    dialogue = MySqlDialogue()

    found = [request for piece in cut(b"".join(sent), cuts) for request in dialogue.requests(piece)]

    assert [request.raw for request in found] == sent
    assert [request.text for request in found] == statements


def test_a_login_and_a_ping_are_no_statements() -> None:
    login, ping = packet(b"\x03COMMIT", number=1), packet(b"\x0e")

    assert [request.text for request in MySqlDialogue().requests(login + ping)] == [None, None]


def on_link(toxic: Chosen) -> Chosen:
    return toxic.on_link(Random(1))


def passed(toxic: Chosen, pieces: Sequence[bytes]) -> list[Event]:
    return [event for piece in pieces for event in toxic.take(Data(NOW, piece))]


def test_of_a_pipeline_exactly_the_chosen_reply_is_lost() -> None:
    toxic = on_link(DropReply(protocol="redis", command="incr b"))
    toxic.hear(command(b"INCR", b"a") + command(b"INCR", b"b") + command(b"INCR", b"c"))

    assert passed(toxic, [b":1\r\n:2\r\n:3\r\n"]) == [Data(NOW, b":1\r\n"), Reset(NOW)]


def test_a_muted_reply_leaves_the_connection_open_and_silent() -> None:
    toxic = on_link(DropReply(command="COMMIT", mute=True))
    toxic.hear(query("SELECT 1"))
    before = passed(toxic, [b"one"])
    toxic.hear(query("commit"))

    assert before == [Data(NOW, b"one")]
    assert passed(toxic, [b"ok", b"more"]) == []


def test_a_chosen_request_never_arrives() -> None:
    toxic = on_link(DropRequest(command="COMMIT"))

    assert passed(toxic, [query("SELECT 1") + query("COMMIT")]) == [Data(NOW, query("SELECT 1")), Reset(NOW)]


@pytest.mark.parametrize(
    ("toxic", "asked", "answer"),
    [
        (ForgeError(command="COMMIT", error="1180 full"), query("COMMIT"), b"\xff\x9c\x04#HY000full"),
        (
            ForgeError("redis", "EVALSHA", error="LOADING wait"),
            command(b"EVALSHA", b"f"),
            b"-LOADING wait\r\n",
        ),
    ],
    ids=["mysql", "redis"],
)
def test_a_forged_error_answers_in_the_place_of_the_server(
    toxic: ForgeError, asked: bytes, answer: bytes
) -> None:
    (event,) = passed(on_link(toxic), [asked])

    assert isinstance(event, Answer)
    assert event.data.endswith(answer)


@pytest.mark.parametrize(
    ("statement", "chosen"),
    [
        ("COMMIT", True),
        ("  commit ", True),
        ("COMMIT AND CHAIN", True),
        ("COMMITTED", False),
        ("SELECT 'COMMIT'", False),
        ("", False),
    ],
)
def test_a_command_is_chosen_by_its_first_words(statement: str, chosen: bool) -> None:
    assert DropRequest(command="commit").chooses(statement) is chosen


def test_it_happens_as_often_as_wished_on_all_links_together() -> None:
    twice, always = DropRequest(command="COMMIT", times=2), DropRequest(command="COMMIT", times=ALWAYS)

    assert [on_link(twice).chooses("COMMIT") for _ in range(4)] == [True, True, False, False]
    assert all(on_link(always).chooses("COMMIT") for _ in range(10))


@pytest.mark.parametrize(("protocol", "command"), [("smtp", "QUIT"), ("mysql", " ")])
def test_what_cannot_be_chosen_is_refused(protocol: str, command: str) -> None:
    with pytest.raises(ValueError, match="must"):
        DropReply(protocol, command)


@pytest.mark.parametrize(("protocol", "error"), [("mysql", "no number"), ("redis", "two\r\nlines")])
def test_what_no_server_could_say_is_refused(protocol: str, error: str) -> None:
    with pytest.raises(ValueError, match=r"invalid literal|one line"):
        ForgeError(protocol, "PING", error=error)
