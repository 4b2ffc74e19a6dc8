"""What the agent API takes and gives, as models: the same ones validate requests and make the OpenAPI document.

Requests are strict and refuse unknown keys. Answers are made by `gateway.domain.wire`; here they are only described,
and a test holds the two to each other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from gateway.domain.attachment import FileState
from gateway.domain.delivery import State
from gateway.domain.event import Kind
from gateway.domain.message import BODY_LIMIT, body_fault, says_something
from gateway.domain.slots import Kind as Booked
from gateway.http.person_shapes import Consent, Person, Profile, Same
from gateway.http.ways import Identity, ReplyTo, Way
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
    if not says_something(text):
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
MOST_FILES: Final = 20
"""Of one message; a channel may take fewer."""
Included = Annotated[str, Field(pattern=r"^((notes|events)(,(notes|events))*)?$", examples=["notes,events"])]


class Nothing(Query):
    """No parameters, no body."""


class SignIn(Request):
    login: Annotated[Text, Field(min_length=1, max_length=255)]
    password: Annotated[Text, Field(min_length=1, max_length=1024)]


class ReplyDraft(Request):
    """What a person wants said to the customer."""

    body: Annotated[Text, Field(max_length=BODY_LIMIT, description="May be empty when there is an attachment.")]
    channel: Annotated[Text, Field(max_length=64, description="Default: where the customer last wrote.")] | None = None
    way: Annotated[Id | None, Field(description="One of the thread's `ways`, instead of a channel.")] = None
    attachments: Annotated[list[Id], Field(max_length=MOST_FILES, description="Uploads of one's own, in order.")] = []

    @model_validator(mode="after")
    def _something(self) -> ReplyDraft:
        if not says_something(self.body) and not self.attachments:
            raise PydanticCustomError("blank", "the text is empty")
        return self


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


class OwnTeam(TeamName):
    """A team that one works for; `zone` is that of its wall clock, such as America/Denver."""

    zone: str | None = None


class PushKey(BaseModel):
    """What a browser subscribes with: `applicationServerKey`, in base64url (RFC 8292)."""

    key: str


class Agent(BaseModel):
    id: str
    login: str
    name: str
    display_name: str
    role: Literal["agent", "lead", "admin"]
    may_reply: bool
    teams: list[OwnTeam]
    push: Annotated[PushKey | None, Field(description="There when a browser can be pushed to.")] = None


class Session(BaseModel):
    agent: Agent


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


class Attachment(BaseModel):
    """A file of a message. `url` and `thumb_url` are there once it is ready, and last for an hour or two; read the
    message again for new ones. `width` and `height` are a picture's, in pixels; it is shown by `thumb_url`."""

    id: str
    name: str
    type: str
    state: FileState
    size: int | None = None
    url: str | None = None
    thumb_url: str | None = None
    width: int | None = None
    height: int | None = None
    detail: Annotated[str | None, Field(description="Why it failed.")] = None


class Message(BaseModel):
    """A message, or a note that no customer sees. Times are RFC 3339 in UTC with six fractional digits."""

    id: str
    thread: str
    direction: Literal["in", "out", "note"]
    author: Author
    channel: str
    body: str
    attachments: list[Attachment]
    media: list[Medium]
    at: datetime
    late: Annotated[bool | None, Field(description="It came in after an outage; `sent_at` is when it was written.")] = (
        None
    )
    sent_at: datetime | None = None
    delivery: Annotated[Delivery | None, Field(description="Outbound messages only.")] = None


class QuietLine(BaseModel):
    """Something that happened in a thread beside its messages; without an author where a provider did it by itself."""

    event: Kind
    at: datetime
    author: Author | None = None
    source: Literal["customer", "provider", "agent"] | None = None
    answered: Annotated[bool | None, Field(description="Whether the provider has answered it in words of its own.")] = (
        None
    )
    channel: str | None = None
    address_kind: str | None = None
    address: Annotated[str | None, Field(description="The customer's.")] = None
    endpoint: Annotated[str | None, Field(description="Ours.")] = None
    what: Annotated[str | None, Field(description="Became of a booking: made, moved, claimed, fired, missed ...")] = (
        None
    )
    form: Annotated[Booked | None, Field(description="Of the booking.")] = None
    hour: Annotated[datetime | None, Field(description="That is promised.")] = None
    step: Annotated[str | None, Field(description="Whom it rang.")] = None
    outcome: str | None = None
    why: Annotated[str | None, Field(description="A call did not come about.")] = None
    late: bool | None = None


class InboxRow(BaseModel):
    id: str
    customer: Person
    team: str
    channel: str
    kind: Annotated[
        str, Field(description="Of the address that the customer last wrote from.", examples=["sms", "whatsapp", "web"])
    ]
    waiting_since: datetime | None = None
    done_at: datetime | None = None
    last_message: Message | None
    claimed_by: Person | None = None
    unread: int


class Thread(InboxRow):
    team_name: str
    identities: list[Identity]
    ways: list[Way]
    reply_to: ReplyTo | None
    consents: list[Consent]
    profile: Annotated[Profile | None, Field(description="Of a customer in the app.")] = None
    maybe_same: Annotated[list[Same], Field(description="Who else this may be.")]
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
