"""A person replies: with their name, their evidence, and once."""

from __future__ import annotations

import asyncio

import pytest

from gateway.channels.contract import Capabilities
from gateway.errors import Forbidden, Invalid, NotFound, Unauthenticated, Unreachable
from gateway.store.credentials import secret_hash
from tests.company import FRONT, LAKES, Company


async def test_a_reply_is_a_message_a_delivery_an_event_and_a_link(company: Company) -> None:
    """One reply writes its message, one queued delivery, one event and one link of the team's chain, together."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text()).thread
    said = await company.reply(ana.secret, thread, "We are on it")
    assert ("out", "sms", "We are on it") == (said["direction"], said["channel"], said["body"])
    assert {"kind": "agent", "id": str(ana.id), "name": "Ana Ortiz"} == said["author"]
    assert {"state": "queued", "at": said["at"]} == said["delivery"]
    expected = [(int(said["id"]), "queued", "+13035550100", "+13035550142", company.clock())]
    query = """SELECT message_id, state, endpoint, identity.address, due_at
                 FROM delivery JOIN identity ON identity.id = delivery.identity_id"""
    assert expected == await company.rows(query)
    assert [(int(said["id"]), 1, ana.id)] == await company.rows("SELECT message_id, seq, agent_id FROM authorship")
    assert [("message.sent",)] == await company.rows("SELECT kind FROM event WHERE seq = 2")


async def test_a_stranger_cannot_reply(company: Company) -> None:
    """Without a good session or token nothing is written."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text()).thread
    with pytest.raises(Unauthenticated):
        await company.reply(secret_hash("guessed"), thread)
    await company.sql("UPDATE credential SET expires_at = ?1", company.clock() + 1_000_000)
    with pytest.raises(Unauthenticated):
        await company.reply(ana.secret, thread)
    assert [(0,)] == await company.rows("SELECT count(*) FROM delivery")


async def test_a_token_without_may_reply_is_forbidden_to(company: Company) -> None:
    """A token made without --may-reply reads and writes notes; with it, replies are marked."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text()).thread
    with pytest.raises(Forbidden, match="without --may-reply"):
        await company.reply(await company.token(ana, may_reply=False), thread)
    said = await company.reply(await company.token(ana, may_reply=True), thread)
    assert "token" == said["author"]["via"]


async def test_another_team_s_thread_is_not_there(company: Company) -> None:
    """To a person of another team the thread looks as if it did not exist, as does one that does not."""
    ben = await company.hire("ben", LAKES)
    thread = (await company.text()).thread
    for unseen in (thread, 999):
        with pytest.raises(NotFound, match="There is no such thing here"):
            await company.reply(ben.secret, unseen)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("channel", "channels", "why"),
    [
        ("chat", {"sms": Capabilities(), "chat": Capabilities()}, "has never written on that channel"),
        (None, {"chat": Capabilities()}, "the channel sms is not configured any more"),
        ("sms", {}, "the channel sms is not configured any more"),
    ],
)
async def test_a_customer_out_of_reach_says_why(
    company: Company, channel: str | None, channels: dict[str, Capabilities], why: str
) -> None:
    """Where no channel leads to the customer, the reply is refused with the reason and nothing is written."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text()).thread
    with pytest.raises(Unreachable, match=why):
        await company.reply(ana.secret, thread, channel=channel, channels=channels, key="k")
    assert [(0,)] == await company.rows("SELECT count(*) FROM idempotency")


async def test_a_reply_that_does_not_fit_is_refused(company: Company) -> None:
    """A body may be as long as its channel takes, and no longer."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text()).thread
    await company.reply(ana.secret, thread, "x" * 5, channels={"sms": Capabilities(5)})
    with pytest.raises(Invalid, match="this channel takes 5 characters at most"):
        await company.reply(ana.secret, thread, "x" * 6, channels={"sms": Capabilities(5)})


async def test_an_answer_goes_where_the_customer_last_wrote(company: Company) -> None:
    """Without a channel named, the reply takes the pair of addresses of the newest text; with one, its newest."""
    ana = await company.hire("ana", FRONT)
    await company.text(endpoint="+13035550101")
    await company.text(kind="whatsapp", channel="chat", endpoint="w")
    thread = (await company.text(endpoint="+13035550100")).thread
    await company.reply(ana.secret, thread)
    await company.reply(ana.secret, thread, channel="chat")
    await company.text(endpoint="+13035550101")
    await company.reply(ana.secret, thread)
    expected = [("sms", "+13035550100"), ("chat", "w"), ("sms", "+13035550101")]
    assert expected == await company.rows("SELECT channel, endpoint FROM delivery ORDER BY id")


async def test_the_same_key_gives_the_same_answer(company: Company) -> None:
    """A request sent again under its key is answered as before and writes nothing."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text()).thread
    first = await company.reply(ana.secret, thread, key="k1")
    assert first == await company.reply(ana.secret, thread, key="k1")
    assert [(1,)] == await company.rows("SELECT count(*) FROM delivery")


async def test_a_key_for_another_request_is_refused(company: Company) -> None:
    """The same key with another body is invalid, and is free to another person."""
    ana, ben = await company.hire("ana", FRONT), await company.hire("ben", FRONT)
    thread = (await company.text()).thread
    await company.reply(ana.secret, thread, key="k1")
    with pytest.raises(Invalid, match="used for another request"):
        await company.reply(ana.secret, thread, "Another", key="k1", fingerprint=b"another request")
    await company.reply(ben.secret, thread, "Mine", key="k1", fingerprint=b"another request")
    assert [(2,)] == await company.rows("SELECT count(*) FROM delivery")


async def test_twenty_at_once_under_one_key_are_one_message(company: Company) -> None:
    """The same request twenty times at the same moment is one message, and all hear the same answer."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text()).thread
    answers = await asyncio.gather(*(company.reply(ana.secret, thread, key="k1") for _ in range(20)))
    assert all(answer == answers[0] for answer in answers)
    assert [(1,)] == await company.rows("SELECT count(*) FROM delivery")


async def test_an_admin_answers_anywhere_and_a_guest_where_invited(company: Company) -> None:
    """Admins reach every team's threads; a person brought in reaches that thread and no other."""
    admin, guest = await company.hire("dana", role="admin"), await company.hire("ben", LAKES)
    shared, other = (await company.text()).thread, (await company.text(sender="+13035550143")).thread
    await company.invite(guest, shared)
    await company.reply(admin.secret, shared)
    await company.reply(guest.secret, shared)
    with pytest.raises(NotFound):
        await company.reply(guest.secret, other)


async def test_a_disabled_person_writes_no_more(company: Company) -> None:
    """Whoever was disabled is a stranger at once, whatever session they hold."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text()).thread
    await company.sql("UPDATE agent SET disabled_at = 1")
    with pytest.raises(Unauthenticated):
        await company.reply(ana.secret, thread)
