"""What the desk's part of the agent API takes and gives: search, counts, drafts, presence, status."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gateway.domain.message import BODY_LIMIT
from gateway.feed.presence import State
from gateway.http.shapes import Id, InboxRow, Limit, Message, Query, Request, Text


class SearchQuery(Query):
    """Every word must be in a message, the last as a beginning too."""

    q: Annotated[Text, Field(max_length=255)] = ""
    cursor: Id | None = None
    limit: Limit = 50


class Hit(BaseModel):
    message: Message
    thread: InboxRow


class Found(BaseModel):
    """Messages, newest first; customers by name and number on the first page only."""

    items: list[Hit]
    customers: list[InboxRow]
    next: str | None = None
    feed: str


class Counts(BaseModel):
    """How many threads each view has; counted to 1,000 at most."""

    waiting: int
    mine: int
    all: int


class DraftBody(Request):
    """What one has begun to write; empty drops it."""

    body: Annotated[Text, Field(max_length=BODY_LIMIT)]


class PresenceState(Request):
    """Said by the page that has the thread open: `typing` for real keystrokes only."""

    state: State


class Present(BaseModel):
    id: str
    name: str
    typing: bool


class Presence(BaseModel):
    people: list[Present]


class FaultShape(BaseModel):
    path: str
    line: int
    key: str
    problem: str
    remedy: str


class LastError(BaseModel):
    at: datetime
    code: str | None = None
    detail: str


class ChannelStatus(BaseModel):
    name: str
    adapter: str
    last_in: datetime | None = None
    last_out: datetime | None = None
    last_error: LastError | None = None
    queued: int
    sending: int
    retrying: int
    unknown: int


class PersonStatus(BaseModel):
    login: str
    name: str
    display_name: str
    role: Literal["agent", "lead", "admin"]
    teams: list[str]
    disabled: bool


class TokenStatus(BaseModel):
    login: str
    label: str
    may_reply: bool
    created_at: datetime


class Status(BaseModel):
    """The configuration that is in use and what is wrong with the folder as it stands; the channels; the people."""

    version: str
    faults: list[FaultShape]
    notices: list[str]
    started_at: datetime
    streams: int
    channels: list[ChannelStatus]
    people: list[PersonStatus]
    tokens: list[TokenStatus]
