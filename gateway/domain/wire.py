"""Domain values as the contract's JSON. This file owns the shapes; it never decides who may see one."""

from __future__ import annotations

from typing import Any

from gateway.domain.attachment import Attachment
from gateway.domain.author import Principal
from gateway.domain.instant import rfc3339
from gateway.domain.message import Message
from gateway.domain.thread import Thread

Json = dict[str, Any]


def attachment(value: Attachment) -> Json:
    """A file without its URLs, which are signed at the edge (`gateway.files.links`)."""
    shape: Json = {"id": str(value.id), "name": value.name, "type": value.type, "state": value.state}
    facts = {"size": value.size, "width": value.width, "height": value.height, "detail": value.detail}
    return shape | {name: fact for name, fact in facts.items() if fact is not None}


def message(value: Message) -> Json:
    """A message in the agents' view."""
    author = {"kind": value.author.kind, "id": str(value.author.id), "name": value.author.name}
    if value.author.via_token:
        author["via"] = "token"
    shape: Json = {
        "id": str(value.id),
        "thread": str(value.thread),
        "direction": value.direction,
        "author": author,
        "channel": value.channel,
        "body": value.body,
        "attachments": [attachment(file) for file in value.attachments] if value.files else [],
        "media": [{"content_type": kind} for kind in value.media],
        "at": rfc3339(value.at),
    }
    if value.sent_at is not None:
        shape |= {"late": True, "sent_at": rfc3339(value.sent_at)}
    if value.state is not None:
        shape["delivery"] = {"state": value.state} | ({"detail": value.detail} if value.detail else {})
        if value.state_at is not None:
            shape["delivery"]["at"] = rfc3339(value.state_at)
    return shape


def thread(value: Thread) -> Json:
    """An inbox row without what is personal."""
    shape: Json = {
        "id": str(value.id),
        "customer": {"id": str(value.customer), "name": value.customer_name},
        "team": value.team,
        "channel": value.channel,
        "kind": value.kind,
        "last_message": message(value.last) if value.last else None,
    }
    if value.waiting_since is not None:
        shape["waiting_since"] = rfc3339(value.waiting_since)
    if value.done_at is not None:
        shape["done_at"] = rfc3339(value.done_at)
    if value.claim is not None:
        shape["claimed_by"] = {"id": str(value.claim.agent), "name": value.claim.name}
    return shape


def own_thread(value: Thread) -> Json:
    """An inbox row as one agent sees it."""
    return thread(value) | {"unread": value.in_count - value.seen_count}


def agent(value: Principal, teams: list[Json]) -> Json:
    """Who am I."""
    return {
        "id": str(value.agent),
        "login": value.login,
        "name": value.author.name,
        "display_name": value.author.display_name,
        "role": value.role,
        "may_reply": value.may_reply,
        "teams": teams,
    }
