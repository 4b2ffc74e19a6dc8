"""Following: who hears of what, and when a stream ends."""

from __future__ import annotations

import asyncio

import pytest

from gateway.actions.people import change_password, change_teams
from gateway.actions.receive import record_unrouted
from gateway.errors import Unauthenticated, Unavailable
from gateway.feed.cursor import encode
from gateway.feed.follow import Feed
from gateway.feed.hubs import SLOW
from gateway.store.credentials import secret_hash
from tests.company import FRONT, LAKES, Company
from tests.feed.reader import PATIENCE, listening


async def test_what_happens_is_told_live(company: Company, feed: Feed) -> None:
    """Each kind of event comes with the message, the inbox row and the person that it is about."""
    ana = await company.hire("ana", FRONT)
    async with listening(feed, ana.secret) as (reader, _):
        thread = (await company.text("Hello")).thread
        await company.reply(ana.secret, thread, "Hi")
        await company.note(ana.secret, thread)
        await company.claim(ana.secret, thread)
        await company.done(ana.secret, thread)
        await reader.until(lambda: len(reader.frames) == 5)
    kinds = ["message.received", "message.sent", "note.added", "thread.claimed", "thread.done"]
    assert kinds == reader.kinds
    text, reply = reader.frames[:2]
    assert ("Hello", str(thread), FRONT) == (text.data["message"]["body"], text.data["thread"], text.data["team"])
    assert "unread" not in text.data["row"]
    assert {"id": str(ana.id), "name": "Ana Ortiz"} == reply.data["by"]
    assert reader.text.startswith(b"retry: 1000\n\n")


async def test_each_one_hears_of_their_own_teams(company: Company, feed: Feed) -> None:
    """An agent hears of their teams, an admin of all and of what belongs to none, and a guest of that thread only."""
    ana, ben = await company.hire("ana", FRONT), await company.hire("ben", LAKES)
    cleo, dana = await company.hire("cleo", FRONT, LAKES), await company.hire("dana", role="admin")
    guest = await company.hire("guest")
    shared = (await company.text()).thread
    await company.invite(guest, shared)
    people = [ana, ben, cleo, dana, guest]
    async with (
        listening(feed, ana.secret) as (of_front, _),
        listening(feed, ben.secret) as (of_lakes, _),
        listening(feed, cleo.secret) as (of_both, _),
        listening(feed, dana.secret) as (of_all, _),
        listening(feed, guest.secret) as (of_one, _),
    ):
        texts = [
            await company.text(team=FRONT),
            await company.text(sender="+13035550143", team=FRONT),
            await company.text(sender="+13035550144", team=LAKES),
        ]
        await company.store.write(record_unrouted, "sms", "+19995550100", company.clock())
        await company.text(team=FRONT)
        await of_all.until(lambda: len(of_all.frames) == 5)
        await of_one.until(lambda: len(of_one.frames) == 2)
        await of_front.until(lambda: len(of_front.frames) == 3)
        await of_both.until(lambda: len(of_both.frames) == 4)
        await of_lakes.until(lambda: len(of_lakes.frames) == 1)
    one, two, three = [str(text.message) for text in texts]
    assert 5 == len(people)
    assert ([one, two, "5"], [three]) == (of_front.said, of_lakes.said)
    assert {one, two, three, "5"} == set(of_both.said) == set(of_all.said)
    assert [one, "5"] == of_one.said
    assert 1 == of_all.kinds.count("channel.unrouted")


async def test_a_moved_thread_leaves_the_old_team_s_stream(company: Company, feed: Feed) -> None:
    """Events of a thread that has moved away are not shown to the team that no longer holds it, resumed or live."""
    ana, ben = await company.hire("ana", FRONT), await company.hire("ben", LAKES)
    start = encode({FRONT: 0})
    moved = (await company.text()).thread
    await company.text(sender="+13035550143")
    await company.move(moved, LAKES)
    async with listening(feed, ana.secret, start) as (old, _), listening(feed, ben.secret) as (new, _):
        await company.text()
        await company.text(sender="+13035550143")
        await new.until(lambda: len(new.frames) == 1)
        await old.until(lambda: len(old.frames) == 2)
    assert (["2", "4"], ["3"]) == (old.said, new.said)


async def test_a_slow_reader_is_cut_off_and_resumes(company: Company, feed: Feed) -> None:
    """A client that does not read is dropped, the others are not, and it goes on later without a gap or a repeat."""
    ana = await company.hire("ana", FRONT)
    async with listening(feed, ana.secret) as (slow, ended), listening(feed, ana.secret) as (quick, _):
        await company.text()
        await slow.until(lambda: len(slow.frames) == 1)
        slow.stuck = SLOW + 1
        await company.text()
        await asyncio.wait_for(ended, PATIENCE)
        await quick.until(lambda: len(quick.frames) == 2)
        assert (True, False) == (slow.was_cut, quick.was_cut)
        assert 1 == len(feed)
    async with listening(feed, ana.secret, slow.frames[-1].id) as (again, _):
        await again.until(lambda: len(again.frames) == 1)
    assert ["1", "2"] == slow.said + again.said


async def test_a_session_s_end_is_its_stream_s_end(company: Company, feed: Feed) -> None:
    """A changed password ends the streams of that person's sessions, and nobody else's."""
    ana, ben = await company.hire("ana", FRONT), await company.hire("ben", FRONT)
    async with listening(feed, ana.secret) as (_, ended), listening(feed, ben.secret) as (_, lasting):
        await company.store.write(change_password, "ana", "another", company.clock())
        await asyncio.wait_for(ended, PATIENCE)
        assert not lasting.done()
    with pytest.raises(Unauthenticated):
        await feed.open(ana.secret, None)


async def test_an_expired_session_ends_its_stream(company: Company, feed: Feed) -> None:
    """A stream ends when its session's time is over."""
    ana = await company.hire("ana", FRONT)
    await company.sql("UPDATE credential SET expires_at = ?1", company.clock() + 60_000_000)
    async with listening(feed, ana.secret) as (_, ended):
        company.clock.tick(61)
        await asyncio.wait_for(ended, PATIENCE)


async def test_changed_teams_end_a_stream(company: Company, feed: Feed) -> None:
    """Who may see more or less starts a new stream, which tells them to read their lists again."""
    ana = await company.hire("ana", FRONT)
    async with listening(feed, ana.secret) as (reader, ended):
        await company.text()
        await reader.until(lambda: len(reader.frames) == 1)
        await company.store.write(change_teams, "ana", (LAKES,), company.clock())
        await asyncio.wait_for(ended, PATIENCE)
    async with listening(feed, ana.secret, reader.frames[-1].id) as (again, _):
        await again.until(lambda: again.frames != [])
        await company.text(team=FRONT)
        await company.text(sender="+13035550144", team=LAKES)
        await again.until(lambda: len(again.frames) == 2)
    assert ["resync", "message.received"] == again.kinds
    assert LAKES == again.frames[1].data["team"]


async def test_a_stranger_has_no_stream(company: Company, feed: Feed) -> None:
    """Without a good session or token there is no stream."""
    with pytest.raises(Unauthenticated):
        await feed.open(secret_hash("guessed"), None)


async def test_streams_are_bounded(company: Company) -> None:
    """More streams than a node carries are refused for now; one that was abandoned makes room."""
    ana = await company.hire("ana", FRONT)
    feed = Feed(company.store, company.doorbell, company.clock, most_streams=1)
    stream = await feed.open(ana.secret, None)
    with pytest.raises(Unavailable):
        await feed.open(ana.secret, None)
    feed.leave(stream)
    feed.leave(stream)
    await feed.open(ana.secret, None)


async def test_an_event_is_encoded_once_for_everybody(company: Company, feed: Feed) -> None:
    """All who follow the same teams get the same bytes."""
    people = [await company.hire(login, FRONT) for login in ("ana", "ben", "cleo")]
    async with (
        listening(feed, people[0].secret) as (one, _),
        listening(feed, people[1].secret) as (two, _),
        listening(feed, people[2].secret) as (three, _),
    ):
        await company.text()
        for reader in (one, two, three):
            await reader.until(lambda reader=reader: len(reader.frames) == 1)
        assert one.text == two.text == three.text


async def test_a_person_of_no_team_has_a_silent_stream(company: Company, feed: Feed) -> None:
    """Who follows nothing hears nothing, and no error."""
    eve = await company.hire("eve")
    async with listening(feed, eve.secret, "-") as (reader, _):
        await company.text()
        await reader.until(lambda: reader.text != b"")
    assert [] == reader.frames
