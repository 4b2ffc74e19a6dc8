"""What the desk's part of the agent API takes and gives: search, counts, drafts, presence, status."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from gateway.domain.message import BODY_LIMIT
from gateway.feed.presence import State
from gateway.http.shapes import Body, Id, InboxRow, Limit, Message, Query, Request, Text


def _moment(value: Any) -> Any:
    """RFC 3339 with its zone."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) and "T" in value.upper() else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise PydanticCustomError("moment", "write a time such as 2026-11-22T09:00:00Z")
    return found


Moment = Annotated[datetime, BeforeValidator(_moment), Field(strict=False)]


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
    was: Annotated[Text, Field(max_length=BODY_LIMIT)] | None = None
    """The draft that this one goes on from, empty for none: where another is kept by now, the answer is 409. Without it
    the last one wins."""


class PresenceState(Request):
    """Said by the page that has the thread open: `typing` for real keystrokes only."""

    state: State


class Present(BaseModel):
    id: str
    name: str
    typing: bool


class Presence(BaseModel):
    people: list[Present]


class OptOutNote(Request):
    """A customer asked in other words to get nothing more by this way; `note` says how."""

    way: Id
    note: Annotated[Body, Field(max_length=1_000)]


class ConsentGiven(Request):
    """Who agreed to be written to, when, and how: on paper, on the phone, on a form."""

    who: Annotated[Body, Field(max_length=255)]
    when: Moment
    how: Annotated[Body, Field(max_length=1_000)]


class FirstMessage(Request):
    """`from` is an address of ours; without, one of a team of the person who writes."""

    channel: Annotated[Text, Field(max_length=64)]
    address: Annotated[Text, Field(min_length=1, max_length=255)]
    body: Body
    consent: ConsentGiven
    sender: Annotated[Annotated[Text, Field(max_length=255)] | None, Field(alias="from")] = None
    team: Annotated[Text, Field(max_length=64)] | None = None


class OwnDoor(BaseModel):
    """A channel on which one may write first, and from which addresses of ours; "" where it has only one door."""

    channel: str
    endpoints: list[str]
    max_body: int


class OwnDoors(BaseModel):
    items: list[OwnDoor]


class Begun(BaseModel):
    thread: InboxRow
    message: Message


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


class Misconfiguration(BaseModel):
    """An error of our own set-up, as the provider named it: how often, when last, and the provider's page about it."""

    code: str
    detail: str
    count: int
    at: datetime
    link: str | None = None


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
    configuration: list[Misconfiguration]


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
    listen: str
    """The address that this process serves."""
    faults: list[FaultShape]
    notices: list[str]
    started_at: datetime
    streams: int
    channels: list[ChannelStatus]
    people: list[PersonStatus]
    tokens: list[TokenStatus]
