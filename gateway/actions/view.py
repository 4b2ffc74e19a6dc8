"""What a person asks to see. Each query starts from the credential and has the reach in it; none of them writes."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from gateway.domain import wire
from gateway.domain.author import AgentId, Principal
from gateway.domain.instant import rfc3339
from gateway.domain.message import Message, MessageId, TeamId, ThreadId
from gateway.domain.thread import Line, Thread
from gateway.domain.wire import Json
from gateway.store import agents, consents, credentials, drafts, events, inbox, lines, messages, profiles, threads
from gateway.store import search as finding
from gateway.store.events import Heads
from gateway.store.inbox import Place, View
from gateway.store.store import Row, Tx

_SHOWN: Final = (
    *("source", "answered", "channel", "address_kind", "address", "endpoint"),
    *("what", "form", "hour", "step", "outcome", "why", "late"),
)
"""What a quiet line has of its event's data."""
_END: Final = 2**62


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
    followed, heads = await events.audience(tx, principal.agent)
    rows, next_place = await inbox.page(tx, principal.agent, followed.teams, view, team, after, limit)
    return Page([wire.own_thread(row) for row in rows], next_place, heads)


@dataclass(frozen=True, slots=True)
class Opened:
    """A thread as one person sees it."""

    thread: Thread
    lines: list[Line]
    """The customer's addresses in it, where they last wrote first."""
    draft: str | None
    consents: list[Json]
    """Why we wrote first, newest first."""
    profile: Json | None
    """What the company says of its app's customer."""
    maybe_same: list[Json]
    """Who else this may be, in threads that the agent may see."""


async def thread(tx: Tx, secret: bytes, thread_id: ThreadId, now: int) -> Opened:
    principal = await credentials.authenticate(tx, secret, now)
    await threads.team_in_reach(tx, principal.agent, thread_id)
    found = await threads.get_threads(tx, principal.agent, [thread_id])
    return Opened(
        found[thread_id],
        await lines.lines_of(tx, principal.agent, thread_id),
        await drafts.get(tx, principal.agent, thread_id),
        [_consent(row) for row in await consents.of_thread(tx, principal.agent, thread_id)],
        next(map(_profile, await profiles.of_thread(tx, principal.agent, thread_id)), None),
        [_same(row) for row in await profiles.maybe_same(tx, principal.agent, found[thread_id].customer)],
    )


def _profile(row: Row) -> Json:
    said = {name: row[name] for name in ("phone", "postal_code", "region", "class", "account", "locale")}
    shape: Json = {name: value for name, value in said.items() if value is not None}
    return shape | {"phone_verified": bool(row["phone_verified"]), "seen_at": rfc3339(row["seen_at"])}


def _same(row: Row) -> Json:
    customer = {"id": str(row["customer"]), "name": row["name"] or ""}
    return {"thread": str(row["thread"]), "customer": customer, "verified": bool(row["verified"])}


def _consent(row: Row) -> Json:
    return {
        "way": str(row["line_id"]),
        "who": row["who"],
        "when": rfc3339(row["given_at"]),
        "how": row["how"],
        "recorded_by": {"id": str(row["agent_id"]), "name": row["name"]},
        "at": rfc3339(row["at"]),
    }


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
    if window.events and (found or window.before is window.after is None):
        items = _merge(items, await _quiet_lines(tx, principal.agent, thread_id, found, window.notes))
    return Page(items, None if edge is None else (0, edge), heads)


async def _quiet_lines(tx: Tx, agent: AgentId, thread_id: ThreadId, found: list[Message], notes: bool) -> list[Json]:
    """The quiet lines from the first of these messages until the one after the last, so that pages of any size, put
    together, have each line once. A thread that has nothing but a booking has its lines too."""
    since, until = 0, _END
    if found:
        since, until = await messages.span(tx, agent, thread_id, found[0], found[-1], notes=notes)
    rows = await events.quiet_lines(tx, agent, thread_id, since, until)
    said = [orjson.loads(row["data"]) for row in rows]
    people = await events.names(tx, [data["by"] for data in said if "by" in data])
    who: dict[int | str, Json] = {by: {"kind": "agent", "id": str(by), "name": name} for by, name in people.items()}
    if any(data.get("source") == "customer" for data in said):
        thread = (await threads.get_threads(tx, agent, [thread_id]))[thread_id]
        who["customer"] = {"kind": "customer", "id": str(thread.customer), "name": thread.customer_name}
    return [_quiet_line(row, data, who) for row, data in zip(rows, said, strict=True)]


def _quiet_line(row: Row, data: Json, who: Mapping[int | str, Json]) -> Json:
    """With the person behind it; what a provider did by itself has none. Facts that it has beside stay in it."""
    line: Json = {"event": row["kind"], "at": rfc3339(row["at"])}
    behind: int | str = data.get("by") or data.get("source") or ""
    author = who.get(behind)
    if author is not None:
        line["author"] = author
    return line | {name: data[name] for name in _SHOWN if name in data}


def _merge(items: list[Json], quiet: list[Json]) -> list[Json]:
    """By time, messages before lines of the same moment; RFC 3339 with fixed digits sorts as time."""
    return list(heapq.merge(items, quiet, key=lambda item: str(item["at"])))


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
    # `heads` has the teams followed as a whole, and those with a thread the person was brought into.
    whose = await finding.scope(tx, principal.agent, sorted(heads))
    found = await finding.find_messages(tx, principal.agent, whose, text, before, limit + 1)
    shown, more = found[:limit], found[limit:]
    people = await finding.find_threads(tx, principal.agent, whose, text, limit) if before is None else []
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
