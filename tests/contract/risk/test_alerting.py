"""From a transition to a mail and an SMS, with a real mail server and a simulated provider."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Connection, select

from domain.risk.alerts import INTERVAL, WAIT, GroupKey, Happening
from domain.risk.listing import confirm, release, suspect
from domain.risk.rules import Limit, Rule, RuleSet
from domain.risk.states import State
from domain.risk.subjects import Subject, SubjectKind
from domain.risk.suspects import Cause, Change, Entry
from domain.shared.instants import DAY, HOUR, MINUTE, SECOND
from servers.mesh.http_client import Endpoint
from servers.mesh.reaching import mail_server
from servers.risk.alerting import GIVEN_UP_AFTER, LONGEST_PAUSE, Alerting, Channel, tell
from servers.risk.mail import MailChannel
from servers.risk.simulators import Simulator
from servers.risk.sms import HttpSmsProvider, SmsChannel
from servers.risk.sql.alert_groups import note
from servers.risk.sql.tables import alert, alert_group
from servers.store.leases import Lease
from servers.store.store import Store
from tests.fakes import FakeClock
from tests.smtp_sink import SmtpSink

OWNER = "fraud@shop.example"
RULES = RuleSet(1, (Rule("pace", "Not so fast", OWNER, Limit((SubjectKind.MEMBER,), 1, 1_000), version=1),))
KEY = GroupKey("identity.purchase", "pace", OWNER)
NUMBER = "+8613800000000"


@pytest.fixture
async def sink() -> AsyncIterator[SmtpSink]:
    async with SmtpSink() as sink:
        yield sink


@pytest.fixture
async def provider() -> AsyncIterator[Simulator]:
    async with Simulator() as provider:
        yield provider


@pytest.fixture
def channels(sink: SmtpSink, provider: Simulator) -> list[Channel]:
    mail = MailChannel(
        mail_server(f"smtp://127.0.0.1:{sink.port}"), "nectary@shop.example", "ops@shop.example"
    )
    return [mail, SmsChannel(HttpSmsProvider(Endpoint(provider.sms_url)), [NUMBER])]


class Desk:
    """The alerting of one database, at a clock that tests move."""

    def __init__(self, store: Store, lease: Lease, clock: FakeClock, channels: Sequence[Channel]) -> None:
        self.store = store
        self.clock = clock
        self._lease = lease
        self._alerting = Alerting(store, channels, clock)

    async def after(self, microseconds: int, *, every: int = 30 * SECOND) -> None:
        """Time passes, and the job runs as it goes."""
        end = self.clock.now() + microseconds
        while self.clock.now() < end:
            self.clock.advance(min(every, end - self.clock.now()))
            await self._alerting.run(self._lease)

    async def happens(self, what: str = "MEMBER:m-1", key: GroupKey = KEY, lasts: int = HOUR) -> None:
        now = self.clock.now()
        await self.store.transact(note, {key: [Happening(now, what, opens=True, until=now + lasts)]})

    async def ends(self, key: GroupKey = KEY) -> None:
        event = Happening(self.clock.now(), "MEMBER:m-1", opens=False, closes=True)
        await self.store.transact(note, {key: [event]})


@pytest.fixture
def desk(risk_store: Store, risk_lease: Lease, clock: FakeClock, channels: list[Channel]) -> Desk:
    return Desk(risk_store, risk_lease, clock, channels)


def listing(clock: FakeClock, name: str = "m-1", state: State = State.SUSPECT) -> tuple[Entry, Change]:
    entry = Entry(Subject(SubjectKind.MEMBER, name))
    cause = Cause("rule:pace", "refused", f"event {name}", "pace", 1, "identity.purchase")
    change = suspect(entry, state, cause, clock.now(), State.CONFIRMED)
    assert change is not None
    return entry, change


async def test_a_listing_is_told_by_mail_and_sms_and_so_is_its_end(
    desk: Desk, sink: SmtpSink, provider: Simulator
) -> None:
    before, change = listing(desk.clock)
    await desk.store.transact(tell, [(before, change)], RULES)
    await desk.after(WAIT - SECOND)
    assert sink.raw == [], "others may follow"

    await desk.after(2 * SECOND)
    assert sink.subjects[0].startswith("[FIRING] rule pace in identity.purchase: 1 new")
    assert sink.recipients == [OWNER]
    assert "MEMBER:m-1 is SUSPECT" in sink.mails[0].get_content()
    [sms] = provider.taken.values()
    assert sms["to"] == NUMBER
    assert len(sms["text"]) <= 160

    freed = release(change.entry, Cause("operator:ann", "a mistake", "request 1"), desk.clock.now())
    assert freed is not None
    await desk.store.transact(tell, [(change.entry, freed)], RULES)
    await desk.after(10 * MINUTE)
    assert len(sink.raw) == 2
    assert sink.subjects[1].startswith("[RESOLVED] rule pace")
    assert len(provider.taken) == 2


async def test_an_alert_is_part_of_the_transaction_of_its_transition(desk: Desk, sink: SmtpSink) -> None:
    def fails(connection: Connection) -> None:
        tell(connection, [listing(desk.clock)], RULES)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await desk.store.transact(fails)
    await desk.after(10 * MINUTE)
    assert sink.raw == []


async def test_who_is_confirmed_by_a_person_stays_with_the_owner_of_the_rule(
    desk: Desk, sink: SmtpSink
) -> None:
    before, first = listing(desk.clock)
    now = desk.clock.now()
    second = confirm(first.entry, Cause("operator:ann", "seen it", "request 1"), now, now + DAY)
    await desk.store.transact(tell, [(before, first), (first.entry, second)], RULES)
    await desk.after(10 * MINUTE)
    assert sink.recipients == [OWNER]
    assert sink.subjects[0].startswith("[FIRING]")


async def test_two_writers_of_one_group_lose_nothing(desk: Desk, sink: SmtpSink) -> None:
    await asyncio.gather(*(desk.happens(f"MEMBER:m-{number}") for number in range(5)))
    await desk.after(WAIT)
    assert "5 new" in sink.subjects[0]


async def test_f39_mail_is_delivered_once_when_its_server_is_back_and_sms_goes_on(
    desk: Desk, sink: SmtpSink, provider: Simulator
) -> None:
    """Down for an hour, with something new every ten minutes."""
    sink.stop()
    for number in range(6):
        await desk.happens(f"MEMBER:m-{number}", lasts=6 * HOUR)
        await desk.after(10 * MINUTE)
    assert len(provider.taken) == 6, "the other channel does not wait"
    assert sink.raw == []

    await sink.start()
    await desk.after(LONGEST_PAUSE + SECOND)
    assert len(sink.raw) == 1, "one for the group, not one for each that was missed"
    assert "6 new" in sink.subjects[0]
    assert "MEMBER:m-0" in sink.mails[0].get_content()
    assert len(provider.taken) == 6


async def test_f39_a_provider_that_answers_500_gets_the_message_once_it_is_well(
    desk: Desk, sink: SmtpSink, provider: Simulator
) -> None:
    provider.status = 500
    await desk.happens(lasts=6 * HOUR)
    await desk.after(30 * MINUTE)
    assert len(sink.raw) == 1
    assert not provider.taken
    assert 4 < provider.tries < 20, "again, and less and less often"

    provider.status = 200
    await desk.after(LONGEST_PAUSE + SECOND)
    assert len(provider.taken) == 1


async def test_a_message_whose_sending_could_not_be_noted_comes_again_under_its_id(
    desk: Desk, sink: SmtpSink, provider: Simulator
) -> None:
    await desk.happens()
    await desk.after(WAIT)
    again = alert.update().values(next_attempt_time=desk.clock.now(), sent_time=None)
    await desk.store.transact(lambda connection: connection.execute(again).close())
    await desk.after(SECOND)
    assert len(sink.raw) == 2
    assert sink.mails[0]["Message-ID"] == sink.mails[1]["Message-ID"]
    assert provider.tries == 2
    assert len(provider.taken) == 1, "the provider knows it"


async def test_a_message_that_is_refused_for_good_is_not_tried_again(desk: Desk, sink: SmtpSink) -> None:
    sink.answer = "550 no"
    await desk.happens()
    await desk.after(WAIT)
    sink.answer = "250 OK"
    await desk.after(10 * MINUTE)
    assert sink.raw == []


async def test_a_message_that_nobody_takes_is_given_up_after_a_day(desk: Desk, sink: SmtpSink) -> None:
    sink.answer = "451 later"
    await desk.happens(lasts=MINUTE)
    await desk.after(WAIT)
    await desk.after(GIVEN_UP_AFTER + HOUR, every=30 * MINUTE)
    sink.answer = "250 OK"
    await desk.after(HOUR)
    assert sink.raw == []


async def test_f40_a_hundred_thousand_suspects_in_a_minute_are_one_mail_in_five(
    desk: Desk, sink: SmtpSink
) -> None:
    now = desk.clock.now()
    for batch in range(100):
        events = [
            Happening(now + batch, f"MEMBER:{batch}-{number}" + "x" * 200, True, until=now + HOUR)
            for number in range(1_000)
        ]
        await desk.store.transact(note, {KEY: events})
    await desk.after(INTERVAL)

    assert len(sink.raw) == 1
    assert "100000 new" in sink.subjects[0]
    assert len(sink.raw[0]) < 4_000, "bounded, however much happened"


@pytest.mark.parametrize(
    "hostile",
    [
        "x\r\nBcc: everybody@example",
        "x\nSubject: other",
        "x\r\n\r\nbody",
        "\x00",
        "=?utf-8?q?=0D=0ABcc:_a?=",
        "é" * 200,
    ],
)
async def test_a13_no_field_of_an_alert_adds_a_header(desk: Desk, sink: SmtpSink, hostile: str) -> None:
    await desk.happens()
    key = GroupKey(hostile[:64], hostile[:36], hostile[:80])
    await desk.happens(hostile, key)
    await desk.after(WAIT)

    plain, attacked = sorted(sink.mails, key=lambda mail: mail["To"] != OWNER)
    assert attacked.keys() == plain.keys(), "no header more, none less"
    assert attacked["To"] == "ops@shop.example", "an owner that is no address is no recipient"
    assert set(sink.recipients) == {OWNER, "ops@shop.example"}


async def test_a_group_that_has_said_all_is_quiet(desk: Desk, sink: SmtpSink) -> None:
    await desk.happens()
    await desk.after(WAIT)
    await desk.ends()
    await desk.after(10 * MINUTE)
    due = await desk.store.read(lambda connection: connection.scalar(select(alert_group.c.due_time)))
    assert due is None
    assert len(sink.raw) == 2


def test_a_password_is_never_sent_in_the_clear() -> None:
    with pytest.raises(ValueError, match="needs smtps"):
        mail_server("smtp://me:secret@mail.example")
    server = mail_server("smtp+starttls://me:s%40cret@mail.example")
    assert (server.port, server.password, server.starts_tls) == (587, "s@cret", True)
    assert "s@cret" not in repr(server)
    assert mail_server("smtps://mail.example") == replace(
        server, port=465, user="", password="", starts_tls=False, is_tls=True
    )
