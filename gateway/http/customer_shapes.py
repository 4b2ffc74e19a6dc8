"""What the customer API takes and gives, as models: they validate requests and make the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from gateway.domain.message import BODY_LIMIT, says_something
from gateway.domain.slots import Kind
from gateway.http.shapes import Attachment, Id, Limit, PushKey, Query, Request, TeamName, Text

MOST_FILES = 32


class NewVisitor(Request):
    """`in`: "cookie" keeps the token in a cookie that no script can read, for our own page."""

    channel: Annotated[Text, Field(max_length=64, description="Default: the first web channel.")] | None = None
    in_: Annotated[Literal["cookie"] | None, Field(alias="in")] = None


class Words(Request):
    """What a customer says; `body` may be empty when there is an attachment."""

    body: Annotated[Text, Field(max_length=BODY_LIMIT)] = ""
    attachments: Annotated[list[Id], Field(max_length=MOST_FILES)] = []

    @model_validator(mode="after")
    def _says_something(self) -> Words:
        if not says_something(self.body) and not self.attachments:
            raise PydanticCustomError("blank", "the text is empty")
        return self


class Mark(Request):
    """The newest message that was read, or has arrived."""

    message: Id


class ChannelQuery(Query):
    channel: Annotated[Text, Field(max_length=64, description="Default: the first web channel.")] | None = None


class PageQuery(Query):
    """`before` or `after` a message's id; with neither, the newest."""

    before: Id | None = None
    after: Id | None = None
    limit: Limit = 50

    @model_validator(mode="after")
    def _one_way(self) -> PageQuery:
        if self.before is not None and self.after is not None:
            raise PydanticCustomError("bounds", "give before or after, not both")
        return self


class Customer(BaseModel):
    id: str
    name: Annotated[str | None, Field(description="There when we know it.")] = None


class Visitor(BaseModel):
    """`token` is there unless it went into the cookie."""

    customer: Customer
    token: str | None = None


class Accepts(BaseModel):
    """What the channel takes: characters of a text, files, bytes of them all; no `types` are all that we store."""

    max_body: int
    max_files: int
    max_file_bytes: int
    types: list[str]


class Week(BaseModel):
    """Open spans of each day on the team's own wall clock, such as ["07:00", "21:00"]; midnight at the end: "24:00"."""

    mon: list[tuple[str, str]]
    tue: list[tuple[str, str]]
    wed: list[tuple[str, str]]
    thu: list[tuple[str, str]]
    fri: list[tuple[str, str]]
    sat: list[tuple[str, str]]
    sun: list[tuple[str, str]]


class TeamFacts(BaseModel):
    """What is known of the team. `books`: for what it takes bookings."""

    team: TeamName
    books: list[Kind]
    timezone: str
    hours: Week
    dates: Annotated[
        dict[str, list[tuple[str, str]]],
        Field(description="Dates of the next two weeks that have hours of their own instead; none: closed."),
    ]
    open: bool
    open_until: Annotated[datetime | None, Field(description="There when it is open, and closes.")] = None
    opens_at: Annotated[datetime | None, Field(description="There when it is closed, and opens again.")] = None


class CustomerThread(TeamFacts):
    """Facts about the team, and where the customer stands with it. `feed` continues the event stream from here."""

    last_reply: Annotated[datetime | None, Field(description="A person's last to this customer.")] = None
    team_last_reply: Annotated[datetime | None, Field(description="A person's last to anyone.")] = None
    customer: Customer | None = None
    read: Annotated[str | None, Field(description="The newest message that they have read.")] = None
    unread: int
    accepts: Accepts
    push: Annotated[PushKey | None, Field(description="There for a customer whose browser can be pushed to.")] = None
    feed: str


class CustomerAuthor(BaseModel):
    kind: Literal["customer", "agent"]
    name: Annotated[str | None, Field(description="What an agent is called to customers.")] = None


class CustomerMessage(BaseModel):
    id: str
    direction: Literal["in", "out"]
    author: CustomerAuthor
    body: str
    attachments: list[Attachment]
    at: datetime


class CustomerMessages(BaseModel):
    """Oldest first; `next` is the id to go on from in the direction that was asked for."""

    items: list[CustomerMessage]
    next: str | None = None
    feed: str


class Standing(BaseModel):
    read: str | None
    unread: int
