"""Visitors who never write are forgotten, and nobody who does ever is."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gateway.scheduler import Housekeeping
from gateway.store import forgetting
from gateway.store.forgetting import SILENT_FOR
from gateway.store.store import Tx, certain
from tests.files import samples
from tests.http.guest import Guest, guest
from tests.http.running import Desk

LATER = SILENT_FOR // timedelta(microseconds=1)


async def sweep(desk: Desk) -> None:
    housekeeping = Housekeeping(desk.store, desk.clock, desk.deps.channels.traffic, desk.deps.intake)
    try:
        await housekeeping.forget_visitors()
    finally:
        await housekeeping.close()


async def counts(desk: Desk) -> tuple[int, int, int, int]:
    """Tokens, addresses, customers, and addresses that nobody has."""

    async def count(tx: Tx) -> tuple[int, int, int, int]:
        visitor, identity, customer, spare = certain(
            await tx.one(
                """SELECT (SELECT count(*) FROM visitor), (SELECT count(*) FROM identity),
                          (SELECT count(*) FROM customer), (SELECT count(*) FROM spare)"""
            )
        )
        return visitor, identity, customer, spare

    return await desk.store.read(count)


async def status(one: Guest) -> int:
    return (await one.call("GET", "/messages"))[0]


async def test_who_never_writes_is_forgotten(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """After two days without a message the token is no good; who has written, or is about to send a file, stays."""
    monkeypatch.setattr(forgetting, "STEP", 2)
    silent = [await guest(desk) for _ in range(5)]
    ann = await guest(desk)
    await ann.say("hello")
    desk.clock.now += LATER - 60_000_000
    await silent[0].upload(samples.picture("PNG"))
    late = await guest(desk)
    await sweep(desk)
    assert [200] * 7 == [await status(one) for one in (*silent, ann, late)]
    desk.clock.now += 120_000_000
    await sweep(desk)
    assert [200, *[401] * 4, 200, 200] == [await status(one) for one in (*silent, ann, late)]
    assert ["hello"] == await ann.heard()
    assert (3, 7, 7, 4) == await counts(desk)


async def test_their_place_is_taken_by_others(desk: Desk) -> None:
    """However many come and go, the database does not grow; the next one finds nothing of the one before."""
    after = before = await guest(desk)
    _, file = await before.upload(samples.picture("PNG"), Idempotency_Key="k")
    await desk.store.write(_forget_files)
    for _ in range(3):
        desk.clock.now += LATER + 1
        await sweep(desk)
        after = await guest(desk)
    assert (1, 1, 1, 0) == await counts(desk)
    assert [401, 200] == [await status(one) for one in (before, after)]
    assert 422 == (await after.call("POST", "/messages", {"body": "", "attachments": [file["id"]]}))[0]
    assert 201 == (await after.upload(samples.picture("JPEG"), Idempotency_Key="k"))[0]
    await after.say("hello")
    assert ["hello"] == await after.heard()


async def _forget_files(tx: Tx) -> None:
    await tx.run("DELETE FROM attachment")


async def test_a_first_message_is_never_lost(desk: Desk) -> None:
    """Whoever writes while the silent are forgotten is either told to begin anew, or keeps what was said."""
    people = [await guest(desk) for _ in range(30)]
    desk.clock.now += LATER + 1
    calls = [one.call("POST", "/messages", {"body": "hello"}) for one in people]
    told, *_ = await asyncio.gather(asyncio.gather(*calls), sweep(desk))
    for (answer, _), one in zip(told, people, strict=True):
        assert answer in {201, 401}
        assert (["hello"] if answer == 201 else None) == (await one.heard() if await status(one) == 200 else None)
