"""What a person asks to see. Each query starts from the credential and has the reach in it; none of them writes."""

from __future__ import annotations

import heapq
import json
from dataclasses import dataclass

from gateway.domain import wire
from gateway.domain.author import AgentId, Principal
from gateway.domain.instant import rfc3339
from gateway.domain.message import Message, MessageId, TeamId, ThreadId
from gateway.domain.thread import Line, Thread
from gateway.domain.wire import Json
from gateway.store import agents, credentials, drafts, events, inbox, messages, threads
from gateway.store import search as finding
from gateway.store.events import Heads
from gateway.store.inbox import Place, View
from gateway.store.store import Row, Tx


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list, where to go on, and where the logs stood when it was read."""

    items: list[Json]
    next: Place | None
    heads: Heads


async def me(tx: Tx, secret: bytes, now: int) -> tuple[Principal, list[TeamId]]:
    """The person, and the teams whose threads they hold."""
    principal = await credentials.authenticate(tx, secret, now)
    return principal, await agents.teams_of(tx, principal.agent)


async def inbox_page(
    tx: Tx, secret: bytes, view: View, team: TeamId | None, after: Place | None, limit: int, now: int
) -> Page:
    principal = await credentials.authenticate(tx, secret, now)
    _, heads = await events.audience(tx, principal.agent)
    rows, next_place = await inbox.page(tx, principal.agent, view, team, after, limit)
    return Page([wire.own_thread(row) for row in rows], next_place, heads)


async def thread(tx: Tx, secret: bytes, thread_id: ThreadId, now: int) -> tuple[Thread, list[Line], str | None]:
    """The thread as this person sees it, the customer's addresses in it, where they last wrote first, and the draft."""
    principal = await credentials.authenticate(tx, secret, now)
    await threads.team_in_reach(tx, principal.agent, thread_id)
    found = await threads.get_threads(tx, principal.agent, [thread_id])
    draft = await drafts.get(tx, principal.agent, thread_id)
    return found[thread_id], await threads.lines_of(tx, principal.agent, thread_id), draft


async def place(tx: Tx, secret: bytes, thread_id: ThreadId, now: int) -> tuple[Principal, TeamId]:
    """Who asks, and the team of a thread that they may see."""
    principal = await credentials.authenticate(tx, secret, now)
    return principal, await threads.team_in_reach(tx, principal.agent, thread_id)


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a thread: next to a message's id; with neither bound, the newest."""

    before: int | None
    after: int | None
    limit: int
    notes: bool
    events: bool


async def messages_page(tx: Tx, secret: bytes, thread_id: ThreadId, window: Window, now: int) -> Page:
    """Oldest first. `next` is set when there is more in the direction asked for."""
    principal = await credentials.authenticate(tx, secret, now)
    await threads.team_in_reach(tx, principal.agent, thread_id)
    _, heads = await events.audience(tx, principal.agent)
    bounds = {"before": window.before, "after": window.after}
    found = await messages.page(tx, principal.agent, thread_id, **bounds, limit=window.limit + 1, notes=window.notes)
    more = len(found) > window.limit
    if more:
        found = found[: window.limit] if window.after is not None else found[1:]
    edge = (found[-1] if window.after is not None else found[0]).id if found and more else None
    items = [wire.message(message) for message in found]
    if window.events:
        items = _merge(items, await _quiet_lines(tx, principal.agent, thread_id, found, window.notes))
    return Page(items, None if edge is None else (0, edge), heads)


async def _quiet_lines(tx: Tx, agent: AgentId, thread_id: ThreadId, found: list[Message], notes: bool) -> list[Json]:
    """The quiet lines from the first of these messages until the one after the last, so that pages of any size, put
    together, have each line once."""
    if not found:
        return []
    since, until = await messages.span(tx, agent, thread_id, found[0], found[-1], notes=notes)
    rows = await events.quiet_lines(tx, agent, thread_id, since, until)
    done_by = [json.loads(row["data"])["by"] for row in rows]
    people = await events.names(tx, done_by)
    return [_quiet_line(row, by, people[by]) for row, by in zip(rows, done_by, strict=True)]


def _quiet_line(row: Row, by: int, name: str) -> Json:
    author = {"kind": "agent", "id": str(by), "name": name}
    return {"event": row["kind"], "at": rfc3339(row["at"]), "author": author}


def _merge(items: list[Json], lines: list[Json]) -> list[Json]:
    """By time, messages before lines of the same moment; RFC 3339 with fixed digits sorts as time."""
    return list(heapq.merge(items, lines, key=lambda item: str(item["at"])))


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: messages newest first, each with its thread's row, and customers."""

    messages: list[tuple[Json, Json]]
    customers: list[Json]
    next: MessageId | None
    heads: Heads


async def search(tx: Tx, secret: bytes, text: str, before: int | None, limit: int, now: int) -> Found:
    """Messages and customers in reach that have every word of `text`, the last as a beginning too."""
    principal = await credentials.authenticate(tx, secret, now)
    _, heads = await events.audience(tx, principal.agent)
    teams = sorted(heads)  # those followed as a whole, and those with a thread the person was brought into
    found = await finding.find_messages(tx, principal.agent, teams, text, before, limit + 1)
    shown, more = found[:limit], found[limit:]
    people = await finding.find_threads(tx, principal.agent, teams, text, limit) if before is None else []
    said = await messages.get_messages(tx, principal.agent, shown)
    rows = await threads.get_threads(
        tx, principal.agent, sorted({message.thread for message in said.values()} | set(people))
    )
    hits = [(wire.message(said[id_]), wire.own_thread(rows[said[id_].thread])) for id_ in shown]
    customers = [wire.own_thread(rows[thread_id]) for thread_id in people]
    return Found(hits, customers, shown[-1] if more else None, heads)


async def counts(tx: Tx, secret: bytes, now: int) -> dict[str, int]:
    """How many threads each view has, at most `inbox.MOST_COUNTED`."""
    principal = await credentials.authenticate(tx, secret, now)
    return await inbox.counts(tx, principal.agent)
