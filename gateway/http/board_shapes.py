"""What the board takes and gives: the team's bookings, how one ended, and who is there to keep them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from gateway.domain.booking import Outcome
from gateway.http.booking_shapes import TeamBooking
from gateway.http.desk_shapes import Moment
from gateway.http.person_shapes import Person
from gateway.http.shapes import Agent, Body, Id, Query, Request, Text


class BoardQuery(Query):
    """Bookings whose hour is in `from`..`to`; without `from`, all that is ahead, and what is open."""

    since: Annotated[Moment | None, Field(alias="from")] = None
    until: Annotated[Moment | None, Field(alias="to")] = None
    team: Annotated[Text, Field(max_length=64)] | None = None


class Waits(BaseModel):
    """Of those who wanted to be called now in the last 30 days: how long until a person began."""

    count: int
    median_seconds: float | None = None
    longest_seconds: float | None = None


class Board(BaseModel):
    """By the hour, 500 at most. `feed`, sent as Last-Event-ID, continues the event stream where this list stood."""

    items: list[TeamBooking]
    now: Waits
    feed: str


class End(Request):
    """How it ended; `note` is written into the thread, for the team, by whoever says so."""

    outcome: Outcome
    note: Body | None = None


class Me(Agent):
    """`phone` is the person's own, E.164: the one that rings for a booked call."""

    away: bool
    phone: str | None


class MeChange(Request):
    """What is not given stays as it is."""

    away: bool | None = None
    phone: (
        Annotated[
            Text,
            Field(max_length=40, description="With its country's code, or as written where we call; null for none."),
        ]
        | None
    ) = None


Ranges = Annotated[list[Annotated[Text, Field(max_length=11, examples=["09:00-17:00"])]], Field(max_length=24)]
Key = Annotated[Text, Field(max_length=10)]


class ShiftChange(Request):
    """When somebody works for a team, by its wall clock. `week` is written as a team's `hours`, `dates` as its `dates`;
    null for the week takes away what was written down."""

    agent: Id
    team: Annotated[Text, Field(max_length=64)]
    week: Annotated[dict[Key, Ranges], Field(max_length=7)] | None
    dates: Annotated[dict[Key, Ranges], Field(max_length=366)] = {}


class Shift(BaseModel):
    agent: Person
    team: str
    week: dict[str, list[str]]
    dates: dict[str, list[str]]


class ShiftsQuery(Query):
    team: Annotated[Text, Field(max_length=64)] | None = None


class Shifts(BaseModel):
    """Those that are written down. Where a team has none, all of its people are there while it is open."""

    items: list[Shift]
