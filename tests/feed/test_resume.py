"""Resuming: from any place on, each event once and in order, whoever else listens."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from gateway.actions import view
from gateway.actions.people import change_password
from gateway.actions.view import Window
from gateway.domain.message import TeamId, ThreadId
from gateway.errors import Malformed
from gateway.feed import follow
from gateway.feed.cursor import decode, encode
from gateway.feed.encode import news_after
from gateway.feed.follow import Feed
from gateway.store.doorbell import Doorbell
from gateway.store.events import PAGE
from tests.company import FRONT, LAKES, Company, Person
from tests.feed.reader import PATIENCE, Frame, Reader, listening


async def history(company: Company, ana: Person, count: int = 12) -> ThreadId:
    """Events of both teams, in turns."""
    for number in range(count):
        team = (FRONT, LAKES)[number % 2]
        thread = (await company.text(sender=f"+1303555010{number % 2}", team=team, endpoint=team)).thread
    await company.reply(ana.secret, thread)
    await company.claim(ana.secret, thread)
    return thread


def ends(frames: Sequence[Frame]) -> list[tuple[str, str]]:
    return [(frame.kind, frame.data["at"]) for frame in frames]


async def test_a_stream_resumes_from_any_cursor(company: Company, feed: Feed) -> None:
    """From the cursor of any event, a stream goes on with exactly the events after it."""
    ana = await company.hire("ana", FRONT, LAKES)
    start = encode({FRONT: 0, LAKES: 0})
    await history(company, ana)
    async with listening(feed, ana.secret, start) as (whole, _):
        await whole.until(lambda: len(whole.frames) == 14)
    expected = ends(whole.frames)
    assert 14 == len({frame.id for frame in whole.frames})
    for place, frame in enumerate(whole.frames, 1):
        async with listening(feed, ana.secret, frame.id) as (rest, _):
            await rest.until(lambda rest=rest, place=place: len(rest.frames) >= 14 - place)
            assert expected[place:] == ends(rest.frames)


async def test_a_list_s_feed_goes_on_exactly_there(company: Company, feed: Feed) -> None:
    """The `feed` of an inbox or a thread's page continues with what happened after it was read."""
    ana = await company.hire("ana", FRONT, LAKES)
    thread = await history(company, ana)
    window = Window(None, None, 50, True, True)
    inbox = await company.store.read(view.inbox_page, ana.secret, "all", None, None, 10, company.clock())
    page = await company.store.read(view.messages_page, ana.secret, thread, window, company.clock())
    assert inbox.heads == page.heads
    await company.done(ana.secret, thread)
    async with listening(feed, ana.secret, encode(page.heads)) as (reader, _):
        await company.release(ana.secret, thread)
        await company.claim(ana.secret, thread)
        await reader.until(lambda: "thread.claimed" in reader.kinds)
    assert ["thread.done", "thread.claimed"] == reader.kinds


@pytest.mark.parametrize("readers", [1, 5])
async def test_one_who_joins_while_events_pour_in_misses_and_repeats_nothing(
    company: Company, feed: Feed, readers: int
) -> None:
    """Streams that start from a list's cursor amid a flood have each event after it once, in order."""
    ana = await company.hire("ana", FRONT, LAKES)
    first = await company.text()
    flowing = True

    async def flood() -> None:
        number = 0
        while flowing:
            teams = (FRONT, LAKES, FRONT)
            await asyncio.gather(
                *(company.text(sender=f"+1303555{number:04}", team=team, endpoint=team) for team in teams)
            )
            number = (number + 1) % 20

    async def visit() -> tuple[dict[str, int], list[str], Reader]:
        page = await company.store.read(view.inbox_page, ana.secret, "all", None, None, 1, company.clock())
        async with listening(feed, ana.secret, encode(page.heads)) as (reader, _):
            await reader.until(lambda: len(reader.frames) >= 25)
        return dict(page.heads), [frame.id for frame in reader.frames], reader

    assert first.message is not None
    pouring = asyncio.create_task(flood())
    visits = [await asyncio.gather(*(visit() for _ in range(readers))) for _ in range(6)]
    flowing = False
    await pouring
    for heads, ids, reader in [one for some in visits for one in some]:
        places = heads
        for id_, frame in zip(ids, reader.frames, strict=True):
            now = decode(id_)
            assert places | {frame.data["team"]: places[frame.data["team"]] + 1} == now
            places = dict(now)


async def test_who_is_ahead_of_the_others_waits_for_them(company: Company, feed: Feed) -> None:
    """A stream from a list that is newer than what was dispatched here is not told again what the list held."""
    ana = await company.hire("ana", FRONT)
    async with listening(feed, ana.secret) as (early, _):
        feed._tasks[0].cancel()  # the one that dispatches
        thread = (await company.text()).thread
        page = await company.store.read(view.inbox_page, ana.secret, "all", None, None, 1, company.clock())
        async with listening(feed, ana.secret, encode(page.heads)) as (late, _):
            await late.until(lambda: late.text != b"")
            feed._tasks[0] = asyncio.create_task(feed._follow())
            await early.until(lambda: early.kinds == ["message.received"])
            await company.claim(ana.secret, thread)
            await late.until(lambda: "thread.claimed" in late.kinds)
            assert ["thread.claimed"] == late.kinds


@pytest.mark.parametrize(
    "cursor",
    [{FRONT: 99}, {LAKES: 0}, {}, {FRONT: 10**17}, {"elsewhere": 3}],
    ids=["future", "other", "empty", "far", "no"],
)
async def test_a_cursor_that_cannot_be_resumed_is_told_to_read_again(
    company: Company, feed: Feed, cursor: dict[str, int]
) -> None:
    """A forged, future or foreign place gets one `resync`, then what happens from now on."""
    ana = await company.hire("ana", FRONT)
    await company.text()
    async with listening(feed, ana.secret, encode(cursor)) as (reader, _):  # type: ignore[arg-type]
        await company.text()
        await reader.until(lambda: len(reader.frames) == 2)
    assert ["resync", "message.received"] == reader.kinds
    assert ["2"] == reader.said
    assert {FRONT: 1} == decode(reader.frames[0].id)


async def test_one_who_is_far_behind_is_told_to_read_again(
    company: Company, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Further behind than FAR_BEHIND a client hears `resync` instead of every event; at the bound it hears each."""
    monkeypatch.setattr(follow, "FAR_BEHIND", 3)
    ana = await company.hire("ana", FRONT)
    for _ in range(4):
        await company.text()
    async with (
        listening(feed, ana.secret, encode({FRONT: 0})) as (far, _),
        listening(feed, ana.secret, encode({FRONT: 1})) as (near, _),
    ):
        await far.until(lambda: far.frames != [])
        await near.until(lambda: len(near.frames) == 3)
    assert (["resync"], ["2", "3", "4"]) == (far.kinds, near.said)


async def test_a_forged_cursor_is_malformed(company: Company, feed: Feed) -> None:
    """What `encode` cannot have made is refused, and leaves no stream behind."""
    ana = await company.hire("ana", FRONT)
    with pytest.raises(Malformed):
        await feed.open(ana.secret, "not one of ours")
    assert 0 == len(feed)


async def test_two_nodes_tell_the_same(company: Company, feed: Feed) -> None:
    """A node that hears no bell tells the same events by its own timer, and takes over the other's cursors."""
    ana = await company.hire("ana", FRONT)
    deaf = Feed(company.store, Doorbell(), company.clock)
    deaf.start()
    try:
        async with listening(feed, ana.secret) as (here, _), listening(deaf, ana.secret) as (there, _):
            for _ in range(3):
                await company.text()
            await here.until(lambda: len(here.frames) == 3)
            await there.until(lambda: len(there.frames) == 3)
            assert [(frame.id, frame.kind) for frame in here.frames] == [
                (frame.id, frame.kind) for frame in there.frames
            ]
            assert ["1", "2", "3"] == here.said == there.said
        async with listening(deaf, ana.secret, here.frames[0].id) as (moved, _):
            await moved.until(lambda: len(moved.frames) == 2)
            assert ["2", "3"] == moved.said
    finally:
        await deaf.close()


async def test_a_stream_that_ended_while_catching_up_tells_no_more(company: Company, feed: Feed) -> None:
    """A stream whose session ends while its client reads slowly does not go on with what is left."""
    ana = await company.hire("ana", FRONT)
    for _ in range(PAGE + 1):
        await company.text()
    stream = await feed.open(ana.secret, encode({FRONT: 0}))
    reader = Reader()
    reader.free.clear()
    task = asyncio.create_task(stream.run(reader))
    await reader.until(lambda: reader.frames != [])
    first = len(reader.frames)
    await company.store.write(change_password, "ana", "another", company.clock())
    await asyncio.wait_for(asyncio.shield(stream._ended), PATIENCE)
    reader.free.set()
    await asyncio.wait_for(task, PATIENCE)
    assert first == len(reader.frames)


async def test_many_logs_are_read_in_bounded_parts(company: Company) -> None:
    """However many logs have however much to tell, one reading is bounded, has a share of each, and all of it comes."""
    for number in range(80):
        await company.sql("INSERT INTO team (id, event_seq) VALUES (?1, 30)", f"t{number}")
        await company.sql(
            """INSERT INTO event (team_id, seq, kind, at, data)
               WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)
               SELECT ?1, i, 'channel.unrouted', 0, '{}' FROM n""",
            f"t{number}",
        )
    places = {TeamId(f"t{number}"): 0 for number in range(80)}
    while news := await company.store.read(news_after, places):
        assert len(news) <= PAGE
        assert {item.team for item in news} == {team for team, seq in places.items() if seq < 30}
        for item in news:
            assert places[item.team] + 1 == item.seq
            places[item.team] = item.seq
    assert {30} == set(places.values())
