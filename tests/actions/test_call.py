"""A person calls for a booking: what is begun, what is queued, and what is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.domain.booking import BookingId
from gateway.errors import Conflict, Forbidden, IllegalMove, Invalid, NoPhone, NotFound, Problem, Unauthenticated
from tests.company import FRONT, LAKES, Company, Person
from tests.outbox.telephone import ANAS, PREMIUM, Exchange


@pytest.fixture
async def exchange(company: Company) -> Exchange:
    """Nobody dials here."""
    made = Exchange(company, await company.hire("ana", FRONT))
    await made.phone(made.ana)
    return made


async def queued(exchange: Exchange) -> int:
    return len(await exchange.company.rows("SELECT id FROM call"))


async def test_one_call_is_queued(exchange: Exchange) -> None:
    """The booking is begun by the person, and one call to their own phone and the customer's is queued under the
    evidence of their session."""
    booking = await exchange.promises.now()
    seen = await exchange.order(booking)
    call = await exchange.get(booking)
    assert ("begun", "queued", None, None) == (
        seen["state"],
        seen["call"]["state"],
        seen["call"]["agent"],
        seen["call"]["customer"],
    )
    assert (ANAS, "+13035550142", "voice", None) == (
        call.agent_number,
        call.customer_number,
        call.channel,
        call.customer_name,
    )
    evidence = """SELECT credential.kind, credential.agent_id, call.agent_id FROM call
                    JOIN credential ON credential.id = call.credential_id"""
    assert [("session", exchange.ana.id, exchange.ana.id)] == await exchange.company.rows(evidence)
    assert ["begun"] == [said["what"] for said in await exchange.promises.told(booking)]


async def test_who_has_no_phone(exchange: Exchange) -> None:
    """Without a phone of their own a person is told what to do, and nothing is begun."""
    await exchange.phone(exchange.ana, None)
    booking = await exchange.promises.now()
    with pytest.raises(NoPhone):
        await exchange.order(booking)
    assert ("ringing", 0) == ((await exchange.promises.get(booking)).state, await queued(exchange))


@pytest.mark.parametrize(
    ("own", "theirs", "reason"),
    [
        (ANAS, PREMIUM, "the customer's phone: A premium-rate number is never called"),
        (PREMIUM, ANAS, "your phone: A premium-rate number is never called"),
        (ANAS, ANAS, "your phone and the customer's are the same"),
    ],
)
async def test_numbers_that_are_never_called(exchange: Exchange, own: str, theirs: str, reason: str) -> None:
    """A number that the channel never calls is refused with the reason, on either side; nothing is begun."""
    await exchange.phone(exchange.ana, own)
    booking = await exchange.promises.now(phone=theirs)
    with pytest.raises(Invalid) as refused:
        await exchange.order(booking)
    assert reason == refused.value.detail
    assert ("ringing", 0) == ((await exchange.promises.get(booking)).state, await queued(exchange))


async def test_one_call_at_a_time(exchange: Exchange) -> None:
    """Pressing Call twice makes one call."""
    booking = await exchange.call()
    with pytest.raises(Conflict):
        await exchange.order(booking)
    assert 1 == await queued(exchange)


async def test_many_presses_at_once(exchange: Exchange) -> None:
    """Of five that come at the same moment one makes the call."""
    booking = await exchange.promises.now()
    pressed = await asyncio.gather(*(exchange.order(booking) for _ in range(5)), return_exceptions=True)
    assert (1, 4) == (await queued(exchange), sum(isinstance(answer, Conflict) for answer in pressed))


async def test_the_same_key_is_the_same_call(exchange: Exchange) -> None:
    """The same key gives the same answer again, and another request under it is refused."""
    booking = await exchange.promises.now()
    first = await exchange.order(booking, key="k1")
    assert (first, 1) == (await exchange.order(booking, key="k1"), await queued(exchange))
    with pytest.raises(Invalid):
        await exchange.order(booking, key="k1", fingerprint=b"another request")


@pytest.mark.parametrize("kind", ["call", "chat"])
async def test_without_a_phone_that_rings(exchange: Exchange, kind: Any) -> None:
    """A chat, and a call where there is no voice channel, only begin; twice is once, and no phone is needed."""
    await exchange.phone(exchange.ana, None)
    booking = await exchange.promises.make(kind=kind, state="ringing")
    for _ in range(2):
        seen = await exchange.order(booking, by_hand=kind == "call")
        assert ("begun", False) == (seen["state"], "call" in seen)
    assert ["begun"] == [said["what"] for said in await exchange.promises.told(booking)]
    assert 0 == await queued(exchange)


async def test_who_may_call(exchange: Exchange) -> None:
    """Calling needs the hour, a person in reach, and a token that may reply."""
    company, ana = exchange.company, exchange.ana
    ben = await company.hire("ben", LAKES)
    await exchange.phone(ben, "+13125550177")
    reader = Person(ana.id, "ana", await company.token(ana, may_reply=False))
    nobody = Person(ana.id, "ana", b"?" * 32)
    early, due = await exchange.promises.make(), await exchange.promises.now()
    refusals: dict[str, type[Problem]] = {}
    tries: list[tuple[BookingId, Person]] = [(early, ana), (due, ben), (due, reader), (due, nobody)]
    for booking, person in tries:
        with pytest.raises(Problem) as refused:
            await exchange.order(booking, person)
        refusals[f"{booking == early} {person.secret.hex()}"] = type(refused.value)
    assert [IllegalMove, NotFound, Forbidden, Unauthenticated] == list(refusals.values())
    assert 0 == await queued(exchange)


async def test_two_bookings_and_one_phone(exchange: Exchange) -> None:
    """A person's phone rings for one call at a time, however many they ask for at once; the others are not begun, and
    a colleague may call meanwhile."""
    ben = await exchange.company.hire("ben", FRONT)
    await exchange.phone(ben, "+13125550177")
    wanted = [await exchange.promises.now(thread=await exchange.promises.thread()) for _ in range(3)]
    asked = await asyncio.gather(*(exchange.order(booking) for booking in wanted), return_exceptions=True)
    assert [Conflict, Conflict] == [type(answer) for answer in asked if isinstance(answer, Exception)]
    assert 1 == await queued(exchange)
    states = [(await exchange.promises.get(booking)).state for booking in wanted]
    assert ["begun", "ringing", "ringing"] == sorted(states)
    await exchange.order(wanted[states.index("ringing")], ben)
    assert 2 == await queued(exchange)


async def test_a_call_that_lasts_is_not_left(exchange: Exchange) -> None:
    """While the two talk nobody has left the booking; once the call is over and nothing is noted, they have. When they
    were connected is told."""
    booking = await exchange.call()
    await exchange.say(booking, ("agent", "answered"), ("customer", "answered"))
    connected = exchange.company.clock()
    assert 1 == await exchange.promises.pass_on(3_600)
    assert "left" not in await exchange.promises.steps(booking)
    await exchange.say(booking, ("customer", "completed"), ("agent", "completed"))
    await exchange.promises.pass_on(7_200)
    assert "left" == (await exchange.promises.steps(booking))[-1]
    assert connected == (await exchange.get(booking)).connected_at


async def test_a_colleague_is_calling(exchange: Exchange) -> None:
    """What somebody else has begun is theirs."""
    ben = await exchange.company.hire("ben", FRONT)
    await exchange.phone(ben, "+13125550177")
    booking = await exchange.call()
    with pytest.raises(IllegalMove):
        await exchange.order(booking, ben)


async def test_calling_again(exchange: Exchange) -> None:
    """Who has begun may call again once the customer's phone was busy, and may let it be."""
    booking = await exchange.call()
    await exchange.say(booking, ("agent", "answered"), ("customer", "busy"), ("agent", "completed"))
    await exchange.order(booking)
    assert (2, "queued") == (await queued(exchange), (await exchange.get(booking)).state)


@pytest.mark.parametrize("state", ["queued", "under_way"])
async def test_cancelled_while_the_agents_phone_rings(exchange: Exchange, state: str) -> None:
    """A booking that is taken back before anybody was called ends its call, and rings nobody for itself."""
    booking = await exchange.call()
    if state == "under_way":
        await exchange.company.sql("UPDATE call SET state = 'dialing', attempt = 1")
        await exchange.say(booking, ("agent", "ringing"))
    assert "ringing" == (await exchange.let_go(booking)).state
    call = await exchange.get(booking)
    assert ("ended" if state == "queued" else "under_way", state == "under_way") == (
        call.state,
        call.unwanted_at is not None,
    )
    assert not (await exchange.say(booking, ("agent", "answered"), asks=True)).goes_on


async def test_nobody_is_cut_off(exchange: Exchange) -> None:
    """Once the customer's phone may ring, the call is not taken back."""
    booking = await exchange.call()
    await exchange.company.sql("UPDATE call SET state = 'dialing', attempt = 1")
    await exchange.say(booking, ("agent", "answered"), digits="1")
    assert "begun" == (await exchange.let_go(booking)).state
    assert (await exchange.get(booking)).unwanted_at is None
