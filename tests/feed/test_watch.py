"""Customers' streams: their own thread's messages as they may see them, resumable, and cheap to everybody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.actions import customer_visit
from gateway.actions.customer_write import Words, Written, write
from gateway.channels.contract import Capabilities
from gateway.domain.message import ThreadId
from gateway.errors import Unavailable
from gateway.feed import cursor, follow
from gateway.feed.follow import Feed
from gateway.feed.standing import MOST_OF_ONE
from gateway.store.credentials import secret_hash
from gateway.store.store import Tx
from gateway.store.visitors import Token
from tests.company import CHANNELS, FRONT, LAKES, Company
from tests.feed.reader import PATIENCE, Reader

WEB = {**CHANNELS, "web": Capabilities(16_000)}


async def arrive(company: Company, name: str) -> Token:
    """A visitor who has not written yet."""
    token = Token(secret_hash(name), frozenset({"web"}))
    visit = customer_visit.Visit(None, "web", FRONT, name, token.secret, "here", company.clock.tick())
    await company.store.write(customer_visit.begin, visit)
    return token


async def say(company: Company, token: Token, body: str) -> ThreadId:
    words = Words(token, body, (), WEB, f"{token.secret.hex()} {body}", company.clock.tick())
    written = await company.store.write_each(write, words)
    assert isinstance(written, Written)
    [(thread,)] = await company.rows("SELECT thread_id FROM message WHERE id = ?1", int(written.message["id"]))
    return ThreadId(thread)


@asynccontextmanager
async def watching(feed: Feed, token: Token, at: str | None = None) -> AsyncIterator[tuple[Reader, asyncio.Task[None]]]:
    stream = await feed.watch(token, at)
    reader = Reader()
    task = asyncio.create_task(stream.run(reader))
    try:
        yield reader, task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def bodies(reader: Reader) -> list[str]:
    return [frame.data["body"] for frame in reader.frames if frame.kind == "message"]


async def test_a_customer_hears_what_is_said_to_them(company: Company, feed: Feed) -> None:
    """Their own words and the team's, under a display name; not the notes, nor anything of the desk's."""
    ana = await company.hire("ana", FRONT)
    ann, bob = await arrive(company, "ann"), await arrive(company, "bob")
    thread, _ = await say(company, ann, "hello"), await say(company, bob, "hi")
    async with watching(feed, ann) as (reader, _):
        await reader.until(lambda: reader.text != b"")
        await company.claim(ana.secret, thread)
        await company.note(ana.secret, thread)
        await company.reply(ana.secret, thread, "We are on it", channels=WEB)
        await say(company, bob, "not for ann")
        await say(company, ann, "thanks")
        await reader.until(lambda: len(reader.frames) == 2)
    assert ["We are on it", "thanks"] == bodies(reader)
    assert {"id", "direction", "author", "body", "attachments", "at"} == set(reader.frames[0].data)
    assert {"kind": "agent", "name": "Ana"} == reader.frames[0].data["author"]
    assert b"Ortiz" not in reader.text


async def test_it_resumes_from_any_cursor(company: Company, feed: Feed) -> None:
    """Nothing missed and nothing twice, whatever else went on in the team's log."""
    ann, bob = await arrive(company, "ann"), await arrive(company, "bob")
    await say(company, ann, "0")
    async with watching(feed, ann) as (reader, _):
        for number in range(1, 6):
            await say(company, bob, str(number))
            await say(company, ann, str(number))
        await reader.until(lambda: len(reader.frames) == 5)
    said = [(frame.id, frame.data["id"]) for frame in reader.frames]
    for place, (at, _) in enumerate(said):
        async with watching(feed, ann, at) as (again, _):
            await say(company, ann, f"again {place}")
            expected = 5
            await again.until(lambda again=again, expected=expected: len(again.frames) == expected)
        assert [id_ for _, id_ in said[place + 1 :]] == [frame.data["id"] for frame in again.frames][: 4 - place]
        assert f"again {place}" == bodies(again)[-1]


async def test_too_far_behind_reads_again(company: Company, feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place that too much has passed is told to read the page again; so is one in another team's log."""
    monkeypatch.setattr(follow, "FAR_BEHIND", 3)
    ann = await arrive(company, "ann")
    for number in range(6):
        await say(company, ann, str(number))
    for at in (cursor.encode({FRONT: 1}), cursor.encode({LAKES: 6}), "-"):
        async with watching(feed, ann, at) as (reader, _):
            await reader.until(lambda reader=reader: reader.frames != [])
        assert ["resync"] == reader.kinds


async def test_a_thread_that_moves_starts_anew(company: Company, feed: Feed) -> None:
    """The stream ends when the thread goes to another team, and the client reads again there."""
    ann = await arrive(company, "ann")
    thread = await say(company, ann, "hello")
    async with watching(feed, ann) as (reader, ended):
        await say(company, ann, "again")
        await reader.until(lambda: len(reader.frames) == 1)
        await company.move(thread, LAKES)

        async def told(tx: Tx) -> None:
            tx.event(FRONT, "thread.moved", thread, company.clock.tick(), {"by": 1})

        await company.store.write(told)
        await asyncio.wait_for(ended, PATIENCE)
    async with watching(feed, ann, reader.frames[-1].id) as (again, _):
        await again.until(lambda: again.frames != [])
        await say(company, ann, "in the new team")
        await again.until(lambda: len(again.frames) == 2)
    assert ["resync", "message"] == again.kinds


async def test_the_first_message_ends_a_silent_stream(company: Company, feed: Feed) -> None:
    """Whoever has no thread beats, until their first message has made one."""
    ann = await arrive(company, "ann")
    async with watching(feed, ann) as (reader, ended):
        await reader.until(lambda: b"id: -" in reader.text)
        await say(company, ann, "hello")
        await asyncio.wait_for(ended, PATIENCE)


async def test_a_first_message_is_seen_before_it_waits(company: Company, feed: Feed) -> None:
    """A message that came between the opening and the waiting ends the stream as well."""
    ann = await arrive(company, "ann")
    stream = await feed.watch(ann, None)
    await say(company, ann, "hello")
    await asyncio.wait_for(stream.run(Reader()), PATIENCE)


async def test_an_expired_token_ends_its_stream(company: Company, feed: Feed) -> None:
    """A stream ends when the token's time is over."""
    ann = await arrive(company, "ann")
    await company.sql("UPDATE visitor SET expires_at = ?1", company.clock() + 60_000_000)
    async with watching(feed, ann) as (_, ended):
        company.clock.tick(61)
        await asyncio.wait_for(ended, PATIENCE)


async def test_one_customer_has_few_streams(company: Company, feed: Feed) -> None:
    """One more than a customer may have ends their oldest, and nobody else's."""
    ann, bob = await arrive(company, "ann"), await arrive(company, "bob")
    async with watching(feed, bob) as (_, other), watching(feed, ann) as (_, oldest):
        more = [await feed.watch(ann, None) for _ in range(MOST_OF_ONE)]
        await asyncio.wait_for(oldest, PATIENCE)
        assert (False, MOST_OF_ONE + 1) == (other.done(), len(feed))
        for stream in more:
            feed.leave(stream)


async def test_customers_do_not_keep_people_out(company: Company) -> None:
    """Each kind of stream has a bound of its own."""
    ana = await company.hire("ana", FRONT)
    ann = await arrive(company, "ann")
    feed = Feed(company.store, company.doorbell, company.clock, most_streams=1)
    await feed.watch(ann, None)
    with pytest.raises(Unavailable):
        await feed.watch(ann, None)
    await feed.open(ana.secret, None)


async def test_an_event_costs_its_own_watchers_only(company: Company, feed: Feed) -> None:
    """Of many who are idle, nobody is written a byte for what is said to another."""
    others = [await arrive(company, f"visitor {number}") for number in range(50)]
    for one in others:
        await say(company, one, "hello")
    ann = await arrive(company, "ann")
    await say(company, ann, "hello")
    readers = []
    async with asyncio.timeout(PATIENCE), watching(feed, ann) as (mine, _):
        tasks = []
        for one in others:
            stream, reader = await feed.watch(one, None), Reader()
            tasks.append(asyncio.create_task(stream.run(reader)))
            readers.append(reader)
        for reader in readers:
            await reader.until(lambda reader=reader: reader.text != b"")
        await say(company, ann, "again")
        await mine.until(lambda: len(mine.frames) == 1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert {b"retry: 1000\n\n"} == {reader.text for reader in readers}
    assert "again" == json.loads(mine.text.decode().rsplit("data: ", 1)[1])["body"]
