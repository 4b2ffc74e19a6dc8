"""A team's world in memory: what customers, colleagues and providers do, and the log of events that tells of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]


def rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def ago(**span: float) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


class World:
    """One team's worth of threads. The verbs below are what the outside does: customers, colleagues, providers."""

    def __init__(self) -> None:
        self.agents: dict[str, Json] = {}
        self.threads: dict[str, Json] = {}
        self.messages: dict[str, list[Json]] = {}
        self.unread: dict[tuple[str, str], int] = {}
        self.log: list[tuple[str, Json]] = []
        self.news = asyncio.Condition()
        self._number = 0

    def id(self) -> str:
        self._number += 1
        return str(self._number)

    def agent(self, login: str, name: str, role: str = "agent") -> Json:
        teams = [{"id": "front-range", "name": "Front Range"}]
        row = {
            "id": self.id(),
            "login": login,
            "name": name,
            "display_name": name.split(maxsplit=1)[0],
            "role": role,
        }
        self.agents[login] = {**row, "teams": teams}
        return self.agents[login]

    def thread(self, name: str, number: str, kind: str = "sms") -> str:
        thread = self.id()
        self.threads[thread] = {
            "id": thread,
            "customer": {"id": self.id(), "name": name},
            "number": number,
            "kind": kind,
            "claimed_by": None,
            "waiting_since": None,
            "done_at": None,
        }
        self.messages[thread] = []
        return thread

    def row(self, thread: str) -> Json:
        facts = self.threads[thread]
        spoken = [m for m in self.messages[thread] if m.get("direction") in {"in", "out"}]
        row = {"id": thread, "customer": facts["customer"], "team": "front-range", "channel": "sms"}
        row["kind"] = facts["kind"]
        row["last_message"] = spoken[-1] if spoken else None
        return row | {key: facts[key] for key in ("waiting_since", "done_at", "claimed_by") if facts[key]}

    def write(
        self, thread: str, direction: str, author: Json, body: str, at: datetime | None = None, **more: Any
    ) -> Json:
        stamp = rfc3339(at or datetime.now(UTC))
        message = {"id": self.id(), "thread": thread, "direction": direction, "author": author, "body": body}
        message |= {
            "channel": "" if direction == "note" else "sms",
            "attachments": [],
            "media": [],
            "at": stamp,
            **more,
        }
        self.messages[thread].append(message)
        if direction != "note":
            self.threads[thread]["done_at"] = None
        if direction == "in":
            self.threads[thread]["waiting_since"] = self.threads[thread]["waiting_since"] or stamp
            for agent in self.agents.values():
                self.unread[agent["id"], thread] = self.unread.get((agent["id"], thread), 0) + 1
        if direction == "out":
            self.threads[thread]["waiting_since"] = None
        return message

    def customer(self, thread: str) -> Json:
        return {"kind": "customer", **self.threads[thread]["customer"]}

    @staticmethod
    def person(agent: Json) -> Json:
        return {"kind": "agent", "id": agent["id"], "name": agent["name"]}

    async def tell(
        self, kind: str, thread: str, by: Json | None = None, message: Json | None = None, **facts: Any
    ) -> None:
        data: Json = {"kind": kind, "team": "front-range", "thread": thread, "at": rfc3339(datetime.now(UTC))}
        data |= facts
        data["row"] = self.row(thread)
        data |= {"by": {"id": by["id"], "name": by["name"]}} if by else {}
        self.log.append((kind, data | ({"message": message} if message else {})))
        async with self.news:
            self.news.notify_all()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Waits until something is so; every request and event asks again."""
        async with asyncio.timeout(10), self.news:
            await self.news.wait_for(holds)

    async def arrive(self, thread: str, body: str, **more: Any) -> Json:
        """A customer writes."""
        message = self.write(thread, "in", self.customer(thread), body, **more)
        await self.tell("message.received", thread, message=message)
        return message

    async def report(self, message: Json, state: str, detail: str | None = None) -> None:
        """A provider says what became of a message."""
        message["delivery"] = {"state": state, "at": rfc3339(datetime.now(UTC))} | (
            {"detail": detail} if detail else {}
        )
        await self.tell("delivery.changed", message["thread"], message=message)

    async def act(self, agent: Json, thread: str, verb: str) -> None:
        """A colleague claims, releases or finishes."""
        facts = self.threads[thread]
        if verb == "done":
            facts |= {"waiting_since": None, "claimed_by": None, "done_at": rfc3339(datetime.now(UTC))}
        else:
            facts["claimed_by"] = {"id": agent["id"], "name": agent["name"]} if verb == "claim" else None
        kind = {"claim": "thread.claimed", "release": "thread.released", "done": "thread.done"}[verb]
        event = {"event": kind, "at": rfc3339(datetime.now(UTC)), "author": self.person(agent)}
        self.messages[thread].append(event)
        await self.tell(kind, thread, by=agent)
