"""What people do to a thread besides answering: note, claim, release, done, read."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway.actions import decide, view
from gateway.actions.read import read
from gateway.actions.view import Window
from gateway.domain.message import MessageId, ThreadId
from gateway.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from gateway.store.credentials import secret_hash
from tests.company import FRONT, LAKES, START, Company, Person

Verb = Callable[[Company, bytes, ThreadId, MessageId], Awaitable[Any]]

VERBS: dict[str, Verb] = {
    "reply": lambda c, secret, thread, _: c.reply(secret, thread),
    "note": lambda c, secret, thread, _: c.note(secret, thread),
    "claim": lambda c, secret, thread, _: c.claim(secret, thread),
    "release": lambda c, secret, thread, _: c.release(secret, thread),
    "done": lambda c, secret, thread, _: c.done(secret, thread),
    "read": lambda c, secret, thread, m: c.store.write(read, secret, thread, m, c.clock()),
    "retry": lambda c, secret, _, m: c.store.write(decide.retry, secret, m, None, b"", c.clock()),
    "settle": lambda c, secret, _, m: c.store.write(decide.settle, secret, m, "sent", None, b"", c.clock()),
    "look": lambda c, secret, thread, _: c.store.read(view.thread, secret, thread, c.clock()),
    "page": lambda c, secret, thread, _: c.store.read(
        view.messages_page, secret, thread, Window(None, None, 50, True, True), c.clock()
    ),
}


async def failed_reply(company: Company, ana: Person) -> tuple[ThreadId, MessageId]:
    thread = (await company.text()).thread
    message = MessageId(int((await company.reply(ana.secret, thread))["id"]))
    await company.sql("UPDATE delivery SET state = 'failed', due_at = NULL")
    return thread, message


@pytest.mark.parametrize("verb", VERBS)
async def test_no_verb_reaches_another_team_s_thread(company: Company, verb: str) -> None:
    """To a person of another team, every verb finds nothing there, and changes nothing."""
    ana, ben = await company.hire("ana", FRONT), await company.hire("ben", LAKES)
    thread, message = await failed_reply(company, ana)
    before = await company.rows("SELECT count(*) FROM event")
    with pytest.raises(NotFound):
        await VERBS[verb](company, ben.secret, thread, message)
    assert before == await company.rows("SELECT count(*) FROM event")
    await VERBS[verb](company, ana.secret, thread, message)


@pytest.mark.parametrize("verb", VERBS)
async def test_no_verb_is_for_strangers(company: Company, verb: str) -> None:
    """Without a good session or token no verb does anything."""
    thread, message = await failed_reply(company, await company.hire("ana", FRONT))
    with pytest.raises(Unauthenticated):
        await VERBS[verb](company, secret_hash("guessed"), thread, message)


@pytest.mark.parametrize("verb", VERBS)
async def test_a_token_that_may_not_reply_sends_nothing(company: Company, verb: str) -> None:
    """A token made without --may-reply may look and note, but not reply, retry or settle."""
    ana = await company.hire("ana", FRONT)
    thread, message = await failed_reply(company, ana)
    token = await company.token(ana, may_reply=False)
    if verb in {"reply", "retry", "settle"}:
        with pytest.raises(Forbidden):
            await VERBS[verb](company, token, thread, message)
    else:
        await VERBS[verb](company, token, thread, message)


async def test_a_note_stays_in_the_house(company: Company) -> None:
    """A note has an author and no delivery, moves no thread in an inbox, and its key makes it once."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text()).thread
    before = await company.rows("SELECT waiting_since, last_at FROM reach")
    first = await company.note(ana.secret, thread, "Third time", key="k1")
    assert ("note", "", "Third time") == (first["direction"], first["channel"], first["body"])
    assert "delivery" not in first
    assert first == await company.note(ana.secret, thread, "Third time", key="k1")
    with pytest.raises(Invalid):
        await company.note(ana.secret, thread, "Other", key="k1", fingerprint=b"other")
    assert before == await company.rows("SELECT waiting_since, last_at FROM reach")
    assert [(0,)] == await company.rows("SELECT count(*) FROM delivery")


async def test_a_claim_is_a_courtesy(company: Company) -> None:
    """Whoever claims last is on it; anyone may answer and anyone may release; what changes nothing says nothing."""
    ana, ben = await company.hire("ana", FRONT), await company.hire("ben", FRONT)
    thread = (await company.text()).thread
    assert {"id": str(ana.id), "name": "Ana Ortiz"} == (await company.claim(ana.secret, thread))["claimed_by"]
    await company.claim(ana.secret, thread)
    assert {"id": str(ben.id), "name": "Ben Ortiz"} == (await company.claim(ben.secret, thread))["claimed_by"]
    await company.reply(ana.secret, thread)
    assert "claimed_by" not in await company.release(ana.secret, thread)
    await company.release(ana.secret, thread)
    kinds = [kind for (kind,) in await company.rows("SELECT kind FROM event ORDER BY seq")]
    assert ["message.received", "thread.claimed", "thread.claimed", "message.sent", "thread.released"] == kinds


async def test_done_leaves_alone_what_was_not_seen(company: Company) -> None:
    """When the customer has written since, `done` is refused and changes nothing; our own words do not count."""
    ana = await company.hire("ana", FRONT)
    first = await company.text()
    reply = await company.reply(ana.secret, first.thread)
    assert first.message is not None
    await company.claim(ana.secret, first.thread)
    second = await company.text()
    state = "SELECT done_at, claimed_by, (SELECT waiting_since FROM reach), (SELECT count(*) FROM event) FROM thread"
    before = await company.rows(state)
    for seen in (first.message, MessageId(int(reply["id"]))):
        with pytest.raises(Conflict, match="the customer has written again"):
            await company.done(ana.secret, first.thread, seen)
    assert before == await company.rows(state)
    await company.reply(ana.secret, first.thread)
    assert "done_at" in await company.done(ana.secret, first.thread, second.message)


async def test_done_again_is_done(company: Company) -> None:
    """Where a colleague was done already there is nothing to refuse, whatever one has seen."""
    ana = await company.hire("ana", FRONT)
    first = await company.text()
    await company.text()
    row = await company.done(ana.secret, first.thread)
    assert row == await company.done(ana.secret, first.thread, first.message)


async def test_done_lasts_until_the_next_message(company: Company) -> None:
    """After `done` nobody waits and nobody is on it; the next text, or the next reply, begins anew."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text()).thread
    await company.claim(ana.secret, thread)
    row = await company.done(ana.secret, thread)
    assert "done_at" in row
    assert not {"waiting_since", "claimed_by"} & row.keys()
    assert row == await company.done(ana.secret, thread)
    await company.note(ana.secret, thread)
    assert [(False,)] == await company.rows("SELECT done_at IS NULL FROM thread")
    await company.text()
    assert "waiting_since" in await company.claim(ana.secret, thread)
    assert [(True,)] == await company.rows("SELECT done_at IS NULL FROM thread")
    await company.done(ana.secret, thread)
    await company.reply(ana.secret, thread)
    assert [(True,)] == await company.rows("SELECT done_at IS NULL FROM thread")


async def test_episodes_can_be_told_from_the_log(company: Company) -> None:
    """An episode runs from the first message after a `done` to the next `done`, by the events alone."""
    ana = await company.hire("ana", FRONT)
    for texts in (1, 3, 2):
        for _ in range(texts):
            thread = (await company.text()).thread
        await company.reply(ana.secret, thread)
        await company.done(ana.secret, thread)
    await company.text()
    episodes, current = [], []
    for kind, data in await company.rows("SELECT kind, data FROM event WHERE thread_id = ?1 ORDER BY seq", thread):
        if kind == "thread.done":
            assert {"by": ana.id} == json.loads(data)
            episodes.append(current)
            current = []
        else:
            current.append(kind)
    assert [2, 4, 3] == [len(episode) for episode in episodes]
    assert ["message.received"] == current


async def test_who_waits_and_since_when(company: Company) -> None:
    """A thread waits since its first text that is newer than the last reply and the last `done`."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text()).thread

    async def waiting() -> int | None:
        ((since,),) = await company.rows("SELECT waiting_since FROM reach")
        return None if since is None else (since - START) // 1_000_000

    await company.text()
    assert 1 == await waiting()
    await company.note(ana.secret, thread)
    assert 1 == await waiting()
    await company.reply(ana.secret, thread)
    assert await waiting() is None
    await company.text()
    assert 5 == await waiting()
    await company.done(ana.secret, thread)
    assert await waiting() is None
    await company.text()
    assert 7 == await waiting()


async def test_unread_is_each_person_s_own(company: Company) -> None:
    """Each person has a marker of their own; it counts the customer's texts after it, and only moves forward."""
    ana, ben = await company.hire("ana", FRONT), await company.hire("ben", FRONT)
    texts = [await company.text() for _ in range(3)]
    thread = texts[0].thread
    said = await company.reply(ana.secret, thread)

    async def unread_after(person: Person, message: int | None) -> int:
        row = await company.store.write(read, person.secret, thread, MessageId(message or 0), company.clock())
        return int(row["unread"])

    assert 3 == await unread_after(ana, 0)
    assert 2 == await unread_after(ana, texts[0].message)
    assert 0 == await unread_after(ana, int(said["id"]))
    assert 0 == await unread_after(ana, texts[1].message)
    assert 1 == await unread_after(ben, texts[1].message)
    await company.text()
    assert 1 == await unread_after(ana, texts[2].message)


@pytest.mark.parametrize("beyond", [10, 2**62, 2**63 - 1])
async def test_a_marker_never_passes_the_newest_message(company: Company, beyond: int) -> None:
    """Having read a message that is not there yet means having read all there is, and what comes later is unread."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text()).thread
    row = await company.store.write(read, ana.secret, thread, MessageId(beyond), company.clock())
    assert 0 == row["unread"]
    for _ in range(2):
        newest = await company.text()
        assert newest.message is not None
        opened = await company.store.read(view.thread, ana.secret, thread, company.clock())
        assert 1 == opened.thread.in_count - opened.thread.seen_count
        assert 0 == (await company.store.write(read, ana.secret, thread, newest.message, company.clock()))["unread"]
