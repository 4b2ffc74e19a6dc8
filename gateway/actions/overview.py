"""What an admin asks to see: how the channels are doing, and who has access."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.domain.instant import rfc3339
from gateway.domain.traffic import Seen
from gateway.domain.wire import Json
from gateway.errors import Forbidden
from gateway.store import agents, credentials, holds, status
from gateway.store.store import Row, Tx

NOTHING_UNDER_WAY: Final = {"queued": 0, "sending": 0, "retrying": 0, "unknown": 0}


@dataclass(frozen=True, slots=True)
class Overview:
    """What the database knows; the rest is the process's to add."""

    traffic: Mapping[str, Seen]
    under_way: Mapping[str, Json]
    """By channel: queued, sending, retrying, unknown."""
    misconfigured: Mapping[str, list[Json]]
    """By channel: code, detail, count and when, of the last errors of our own set-up; newest first."""
    people: list[Json]
    tokens: list[Json]
    held_since: int | None
    """Since when the outbox is held after a restore (microseconds since 1970); None: it is not."""


async def overview(tx: Tx, secret: bytes, now: int) -> Overview:
    """Raises Unauthenticated, and Forbidden for anyone but an admin."""
    principal = await credentials.authenticate(tx, secret, now)
    if principal.role != "admin":
        raise Forbidden("this page is for admins")
    return await facts(tx)


async def facts(tx: Tx) -> Overview:
    """The same for who has the database itself: `teamline status`."""
    people = [_person(row, list(teams)) for row, teams in await agents.list_agents(tx)]
    tokens = [_token(row) for row in await status.tokens(tx)]
    held = await holds.held(tx)
    return Overview(
        await status.kept_traffic(tx),
        await _under_way(tx),
        await _misconfigured(tx),
        people,
        tokens,
        None if held is None else held["since"],
    )


def held_notice(known: Overview) -> list[str]:
    """In words for admins, as one of the notices; none where messages go out."""
    if known.held_since is None:
        return []
    since = rfc3339(known.held_since)[:16].replace("T", " ")
    return [f"nothing is sent: the outbox is held since a restore at {since} UTC. Release it: teamline outbox release"]


async def _misconfigured(tx: Tx) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for row in await status.misconfigurations(tx):
        shape = {"code": row["code"], "detail": row["detail"], "count": row["count"], "at": rfc3339(row["at"])}
        found.setdefault(row["channel"], []).append(shape)
    return found


async def _under_way(tx: Tx) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for row in await status.under_way(tx):
        counts = found.setdefault(row["channel"], dict(NOTHING_UNDER_WAY))
        counts[row["state"]] = row["n"]
        if row["state"] == "queued":
            counts["retrying"] = row["retrying"]
    return found


def _person(row: Row, teams: list[str]) -> Json:
    return {
        "login": row["login"],
        "name": row["name"],
        "display_name": row["display_name"],
        "role": row["role"],
        "teams": teams,
        "disabled": row["disabled_at"] is not None,
    }


def _token(row: Row) -> Json:
    return {
        "login": row["login"],
        "label": row["label"],
        "may_reply": bool(row["may_reply"]),
        "created_at": rfc3339(row["created_at"]),
    }
