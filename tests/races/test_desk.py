"""People race with themselves: the same request sent twice, the same upload, the same draft, from two places."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from typing import Any

import pytest

from gateway.actions import attach
from gateway.actions.attach import LOOSE_FOR, MOST_LOOSE, Upload
from gateway.actions.draft import draft
from gateway.actions.reply import Reply, replies, reply
from gateway.channels.contract import Capabilities
from gateway.domain.attachment import Owner
from gateway.domain.message import ThreadId
from gateway.errors import DraftChanged, Invalid, TooMany, Unavailable
from gateway.files.store import hash_of
from gateway.store import attachments, drafts, files
from gateway.store.attachments import Kept
from gateway.store.files import HELD
from gateway.store.store import Tx
from tests.company import FRONT, Person
from tests.races.town import CONTENT, RACE, Town, refusals

pytestmark = list(RACE)

KEPT = Kept(hash_of(CONTENT), "text/plain", len(CONTENT), "a.txt")
ABLE = {"sms": Capabilities(max_files=9, max_file_bytes=10**6)}


class Table:
    """One agent, and threads to answer in."""

    def __init__(self, town: Town, person: Person, threads: list[ThreadId]) -> None:
        self.town, self.person, self.threads = town, person, threads
        self._salts = itertools.count(1)

    def order(self, number: int, key: str | None = None, *attachments: int) -> Reply:
        salt, now = next(self._salts).to_bytes(16, "big"), self.town.company.clock.tick()
        thread = self.threads[number]
        return Reply(self.person.secret, thread, "Here", None, ABLE, key, b"", salt, now, attachments=attachments)

    async def upload(self) -> int:
        await self.hold()
        action, order = self.naming()
        return int((await self.town.company.store.write(action, order))["id"])

    async def hold(self) -> None:
        """Write down that the bytes come."""
        await self.town.company.store.write(files.hold, KEPT.hashes, self.town.company.clock())

    def naming(self) -> tuple[Any, Upload]:
        """The bytes are there: an upload of theirs."""

        async def who(tx: Tx) -> Owner:
            return Owner.of_agent(self.person.id)

        return attach.upload, Upload(who, KEPT, None, b"", self.town.company.clock())


@pytest.fixture
async def table(town: Town) -> Table:
    texts = [await town.company.text(sender=f"+1303555{number:04}") for number in range(6)]
    return Table(town, await town.company.hire("ana", FRONT), [text.thread for text in texts])


async def test_one_idempotency_key(town: Town, table: Table) -> None:
    """The same reply sent to both nodes is one message, and each has the same answer."""
    for round_ in town.rounds():
        order = table.order(0, f"key {round_}")
        answers = await town.race(*[(reply, order)] * 3)
        assert 0 == refusals(answers, BaseException)
        assert answers[0] == answers[1] == answers[2]
    ((said,),) = await town.company.rows("SELECT count(*) FROM delivery")
    assert len(list(town.rounds())) == said


async def test_one_key_for_two_threads(town: Town, table: Table) -> None:
    """A key that comes with two different requests at once is one request's."""
    for round_ in town.rounds():
        orders = [replace(table.order(number, f"key {round_}"), fingerprint=bytes([number])) for number in (0, 1)]
        results = await town.race(*((reply, one) for one in orders))
        assert 1 == refusals(results, Invalid)


async def test_one_upload(town: Town, table: Table) -> None:
    """An upload that two replies name is one reply's; the other is refused."""
    for _ in town.rounds():
        file = await table.upload()
        orders = [table.order(number, None, file) for number in (0, 1)]
        results = await town.race(*((reply, one) for one in orders))
        assert 1 == refusals(results, Invalid)


async def test_an_upload_named_as_it_goes(town: Town, table: Table) -> None:
    """An upload that is named in the moment in which it would be forgotten is the message's, or is refused; and bytes
    that a row names stay."""
    for _ in town.rounds():
        file = await table.upload()
        now = town.company.clock.tick(1) + LOOSE_FOR
        order = table.order(0, None, file)
        said, forgot = await town.race((reply, order), (attachments.forget_loose, now, now))
        assert refusals([said], Invalid) == forgot


async def test_bytes_named_as_they_go(town: Town, table: Table) -> None:
    """Bytes that an upload names in the moment in which nothing did are kept, or the upload is refused."""
    for _ in town.rounds():
        later = town.company.clock.tick() + 2 * HELD
        await table.hold()
        named, taken = await town.race(table.naming(), (files.take_unnamed, later))
        assert refusals([named], Unavailable) == len(taken)
        await town.company.store.write(files.gone, KEPT.hashes)
        await town.company.sql("DELETE FROM attachment")
        await town.company.sql("DELETE FROM file")


async def test_as_many_uploads_as_are_allowed(town: Town, table: Table) -> None:
    """However many uploads come at once, as many wait for a message as one person may have."""
    await table.hold()
    results = await town.race(*[table.naming()] * (MOST_LOOSE + 10))
    assert 10 == refusals(results, TooMany)


async def test_one_draft(town: Town, table: Table) -> None:
    """Of two devices that go on from the same draft one is told that it has changed."""
    secret, thread, was = table.person.secret, table.threads[0], ""
    for round_ in town.rounds():
        words = [f"{round_} {device}" for device in (1, 2)]
        results = await town.race(*((draft, secret, thread, one, was, round_) for one in words))
        assert 1 == refusals(results, DraftChanged)
        (kept,) = [one for one, result in zip(words, results, strict=True) if result is None]
        assert kept == await town.company.store.read(drafts.get, table.person.id, thread)
        was = kept


async def test_lists_of_replies_in_opposite_order(town: Town, table: Table) -> None:
    """Lists of replies in opposite orders, while texts come in: all are said, and no deadlock had to be broken."""
    for _ in town.rounds(4):
        lists = [[table.order(number) for number in order] for order in (range(6), range(5, -1, -1))]
        results, *_ = await asyncio.gather(
            town.race(*((replies, one) for one in lists)),
            *(town.company.text(sender=f"+1303555{number:04}") for number in range(6)),
        )
        assert 0 == refusals(results, BaseException)
    assert 0 == town.retries()
