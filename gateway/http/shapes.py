"""What the agent API takes and gives, as models: the same ones validate requests and make the OpenAPI document.

Requests are strict and refuse unknown keys. Answers are made by `gateway.domain.wire`; here they are only described,
and a test holds the two to each other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from gateway.domain.delivery import State
from gateway.domain.event import Kind
from gateway.domain.message import BODY_LIMIT, body_fault
from gateway.store.inbox import View


class Request(BaseModel):
    """A body: exactly these keys, of exactly these types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Query(BaseModel):
    """Query parameters; those that are not known mean nothing."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def _sound(text: str) -> str:
    if fault := body_fault(text):
        raise PydanticCustomError("text", fault)
    return text


def _said(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "the text is empty")
    return text


def _known_id(value: Any) -> Any:
    """Opaque to clients, whole numbers to us; anything else is no id of ours."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20 and int(value) < 2**63:
        return int(value)
    raise PydanticCustomError("id", "that is not an id")


Text = Annotated[str, AfterValidator(_sound)]
Body = Annotated[str, Field(min_length=1, max_length=BODY_LIMIT), AfterValidator(_sound), AfterValidator(_said)]
Id = Annotated[int, BeforeValidator(_known_id), WithJsonSchema({"type": "string"})]
Limit = Annotated[int, Field(ge=1, le=100)]
Included = Annotated[str, Field(pattern=r"^((notes|events)(,(notes|events))*)?$", examples=["notes,events"])]


class Nothing(Query):
    """No parameters, no body."""


class SignIn(Request):
    login: Annotated[Text, Field(min_length=1, max_length=255)]
    password: Annotated[Text, Field(min_length=1, max_length=1024)]


class ReplyDraft(Request):
    """What a person wants said to the customer."""

    body: Body
    channel: Annotated[Text, Field(max_length=64, description="Default: where the customer last wrote.")] | None = None
    attachments: Annotated[
        list[str], Field(max_length=0, description="Not yet: attachments must be absent or empty.")
    ] = []


class NoteDraft(Request):
    body: Body


class Settlement(Request):
    """What became of a message, as a person found out."""

    state: Literal["sent", "delivered", "failed"]


class DoneMark(Request):
    """The newest message that was seen, where known; 409 when the customer has written since."""

    message: Id | None = None


class ReadMark(Request):
    """The newest message that was read."""

    message: Id


class InboxQuery(Query):
    view: View = "waiting"
    team: Annotated[Text, Field(max_length=64)] | None = None
    cursor: Annotated[Text, Field(max_length=255)] | None = None
    limit: Limit = 50


class MessagesQuery(Query):
    """`before` or `after` a message's id; with neither, the newest."""

    before: Id | None = None
    after: Id | None = None
    limit: Limit = 50
    include: Included = ""

    @model_validator(mode="after")
    def _one_way(self) -> MessagesQuery:
        if self.before is not None and self.after is not None:
            raise PydanticCustomError("bounds", "give before or after, not both")
        return self


class TeamName(BaseModel):
    id: str
    name: str


class Agent(BaseModel):
    id: str
    login: str
    name: str
    display_name: str
    role: Literal["agent", "lead", "admin"]
    may_reply: bool
    teams: list[TeamName]


class Session(BaseModel):
    agent: Agent


class Person(BaseModel):
    id: str
    name: str


class Author(BaseModel):
    kind: Literal["customer", "agent"]
    id: str
    name: str
    via: Annotated[Literal["token"] | None, Field(description="There when written under a personal token.")] = None


class Medium(BaseModel):
    content_type: str


class Delivery(BaseModel):
    """What became of an outbound message, since when, and in words where there is more to say."""

    state: State
    at: datetime | None = None
    detail: str = ""


class Message(BaseModel):
    """A message, or a note that no customer sees. Times are RFC 3339 in UTC with six fractional digits."""

    id: str
    thread: str
    direction: Literal["in", "out", "note"]
    author: Author
    channel: str
    body: str
    attachments: list[str]
    media: list[Medium]
    at: datetime
    delivery: Annotated[Delivery | None, Field(description="Outbound messages only.")] = None


class QuietLine(BaseModel):
    """Something that happened in a thread beside its messages."""

    event: Kind
    at: datetime
    author: Author


class InboxRow(BaseModel):
    id: str
    customer: Person
    team: str
    channel: str
    waiting_since: datetime | None = None
    done_at: datetime | None = None
    last_message: Message | None
    claimed_by: Person | None = None
    unread: int


class Identity(BaseModel):
    kind: str
    address: str
    channel: str


class ReplyTo(BaseModel):
    """Where a reply goes, and how many characters it may have."""

    channel: str
    endpoint: str
    address: str
    max_body: int


class Thread(InboxRow):
    team_name: str
    identities: list[Identity]
    reply_to: ReplyTo | None
    draft: str | None
    """What this person has begun to write here."""


class Inbox(BaseModel):
    """`feed`, sent as Last-Event-ID, continues the event stream exactly where this list stood."""

    items: list[InboxRow]
    next: str | None = None
    feed: str


class Messages(BaseModel):
    """Oldest first; `next` is the id to go on from in the direction that was asked for."""

    items: list[Message | QuietLine]
    next: str | None = None
    feed: str


class ProblemDocument(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
