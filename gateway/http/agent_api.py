"""The agents' API: each handler calls one action or query. Who may see or do what is decided there, in the query."""

from __future__ import annotations

import base64
import secrets
from typing import Any, Final

from gateway.actions import claim, decide, note, read, reply, view
from gateway.domain import wire
from gateway.domain.event import SYSTEM
from gateway.domain.message import MessageId, TeamId, ThreadId
from gateway.domain.wire import Json
from gateway.errors import Invalid
from gateway.feed import cursor
from gateway.http import ways
from gateway.http.deps import Deps
from gateway.http.route import Call, Route
from gateway.http.shapes import (
    DoneMark,
    Inbox,
    InboxQuery,
    InboxRow,
    Message,
    Messages,
    MessagesQuery,
    NoteDraft,
    Nothing,
    ReadMark,
    ReplyDraft,
    Settlement,
    Thread,
)
from gateway.store.inbox import Place, View
from gateway.store.store import Lane

BASE: Final = "/api/agent/v1"
SALT_BYTES: Final = 16


async def threads(call: Call[Nothing, InboxQuery]) -> Json:
    query = call.query
    after = None if query.cursor is None else place(query.view, query.cursor)
    team = None if query.team is None else TeamId(query.team)
    page = await call.deps.store.read(view.inbox_page, call.secret, query.view, team, after, query.limit, call.now)
    return _page(page, None if page.next is None else cursor_of(query.view, page.next))


async def thread(call: Call[Nothing, Nothing]) -> Json:
    opened = await call.deps.store.read(view.thread, call.secret, ThreadId(call.id), call.now)
    row, up = opened.thread, live(call.deps)
    team = call.deps.settings().teams.get(row.team)
    facts = {
        "team_name": team.name if team else row.team,
        "identities": ways.identities(opened.lines),
        "ways": ways.ways(opened.lines, up),
        "reply_to": ways.reply_to(opened.lines, up),
        "consents": opened.consents,
        "maybe_same": opened.maybe_same,
        "draft": opened.draft,
    }
    if opened.profile is not None:
        facts["profile"] = opened.profile
    return wire.own_thread(row) | facts


async def messages(call: Call[Nothing, MessagesQuery]) -> Json:
    query = call.query
    window = view.Window(query.before, query.after, query.limit, "notes" in query.include, "events" in query.include)
    page = await call.deps.store.read(view.messages_page, call.secret, ThreadId(call.id), window, call.now)
    return _page(page, None if page.next is None else str(page.next[1]))


async def write_reply(call: Call[ReplyDraft, Nothing]) -> Json:
    order = reply.Reply(
        call.secret,
        ThreadId(call.id),
        call.body.body,
        call.body.channel,
        live(call.deps),
        call.key,
        call.fingerprint,
        secrets.token_bytes(SALT_BYTES),
        call.now,
        call.body.way,
        tuple(call.body.attachments),
    )
    return await call.deps.store.write_each(reply.replies, order, Lane.PEOPLE)


async def write_note(call: Call[NoteDraft, Nothing]) -> Json:
    thread_id, words = ThreadId(call.id), call.body.body
    return await call.deps.store.write(note.note, call.secret, thread_id, words, call.key, call.fingerprint, call.now)


async def retry(call: Call[Nothing, Nothing]) -> Json:
    message = MessageId(call.id)
    return await call.deps.store.write(decide.retry, call.secret, message, call.key, call.fingerprint, call.now)


async def settle(call: Call[Settlement, Nothing]) -> Json:
    message, state = MessageId(call.id), call.body.state
    return await call.deps.store.write(decide.settle, call.secret, message, state, call.key, call.fingerprint, call.now)


async def take(call: Call[Nothing, Nothing]) -> Json:
    return await call.deps.store.write(claim.claim, call.secret, ThreadId(call.id), call.now)


async def release(call: Call[Nothing, Nothing]) -> Json:
    return await call.deps.store.write(claim.release, call.secret, ThreadId(call.id), call.now)


async def done(call: Call[DoneMark, Nothing]) -> Json:
    seen = None if call.body.message is None else MessageId(call.body.message)
    return await call.deps.store.write(claim.done, call.secret, ThreadId(call.id), seen, call.now)


async def mark_read(call: Call[ReadMark, Nothing]) -> Json:
    message = MessageId(call.body.message)
    return await call.deps.store.write(read.read, call.secret, ThreadId(call.id), message, call.now)


def team_names(deps: Deps, teams: list[TeamId]) -> list[Json]:
    """Ids with names and zones; a team that has left the config is called by its id."""
    known = deps.settings().teams
    named = [(id_, known.get(id_)) for id_ in teams if id_ != SYSTEM]
    return [
        {"id": id_, "name": team.name, "zone": team.timezone.key} if team else {"id": id_, "name": id_}
        for id_, team in named
    ]


def live(deps: Deps) -> ways.Live:
    adapters = {name: deps.channels.get(name) for name in deps.channels}
    return {name: adapter.capabilities for name, adapter in adapters.items() if adapter is not None}


def cursor_of(view_name: View, at: Place) -> str:
    return base64.urlsafe_b64encode(f"{view_name}.{at[0]}.{at[1]}".encode()).decode().rstrip("=")


def place(view_name: View, text: str) -> Place:
    """Raises Invalid for what `cursor_of` cannot have made for this view: each has an order of its own."""
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
        name, at, thread_id = plain.split(".")
        found = int(at), int(thread_id)
    except ValueError:
        raise Invalid("that cursor is not one of ours") from None
    if name != view_name or not all(0 <= number < 2**63 for number in found):
        raise Invalid("that cursor belongs to another view")
    return found


def _page(page: view.Page, following: str | None) -> Json:
    shape: Json = {"items": page.items, "feed": cursor.encode(page.heads)}
    return shape if following is None else shape | {"next": following}


_THREAD: Final = f"{BASE}/threads/{{id}}"
_MESSAGE: Final = f"{BASE}/messages/{{id}}"

ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route("GET", f"{BASE}/threads", threads, "The inbox", Nothing, InboxQuery, Inbox, problems=(422,)),
    Route("GET", _THREAD, thread, "One thread", Nothing, Nothing, Thread, problems=(404,)),
    Route(
        "GET",
        f"{_THREAD}/messages",
        messages,
        "A thread's messages, oldest first",
        Nothing,
        MessagesQuery,
        Messages,
        problems=(404, 422),
    ),
    Route(
        "POST",
        f"{_THREAD}/messages",
        write_reply,
        "Reply to the customer",
        ReplyDraft,
        Nothing,
        Message,
        status=202,
        problems=(404, 409, 422),
        makes=True,
    ),
    Route(
        "POST",
        f"{_THREAD}/notes",
        write_note,
        "Note something for the team; no customer sees it",
        NoteDraft,
        Nothing,
        Message,
        status=201,
        problems=(404, 422),
        makes=True,
    ),
    Route(
        "POST",
        f"{_MESSAGE}/retry",
        retry,
        "Send a message again that failed or whose fate is unknown",
        Nothing,
        Nothing,
        Message,
        status=202,
        problems=(404, 409, 422),
        makes=True,
    ),
    Route(
        "POST",
        f"{_MESSAGE}/settle",
        settle,
        "Say what became of a message that failed or whose fate is unknown",
        Settlement,
        Nothing,
        Message,
        problems=(404, 409, 422),
        makes=True,
    ),
    Route("POST", f"{_THREAD}/claim", take, "Be on this thread", Nothing, Nothing, InboxRow, problems=(404,)),
    Route(
        "POST", f"{_THREAD}/release", release, "Nobody is on this thread", Nothing, Nothing, InboxRow, problems=(404,)
    ),
    Route(
        "POST",
        f"{_THREAD}/done",
        done,
        "Done, until the next message",
        DoneMark,
        Nothing,
        InboxRow,
        problems=(404, 409, 422),
    ),
    Route(
        "PUT", f"{_THREAD}/read", mark_read, "Read up to a message", ReadMark, Nothing, InboxRow, problems=(404, 422)
    ),
)
