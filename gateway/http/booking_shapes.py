"""What the booking routes take and give, as models: customers' and, where agents book for them, agents'."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from gateway.domain.booking import Outcome, State, Step
from gateway.domain.slots import Kind, SlotKey, parse_slot
from gateway.errors import Invalid
from gateway.http.call_shapes import CallShape
from gateway.http.customer_shapes import Customer, TeamFacts
from gateway.http.desk_shapes import Moment
from gateway.http.shapes import Id, Query, Request, Text

ABOUT_LIMIT = 500
"""Characters in which a customer says what it is about."""


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(name: str) -> str:
    if name not in _zones():
        raise PydanticCustomError("zone", "that is no time zone; write such as America/Denver")
    return name


def _slot(value: Any) -> SlotKey:
    try:
        return parse_slot(value if isinstance(value, str) else "")
    except Invalid as error:
        raise PydanticCustomError("slot", "{why}", {"why": error.detail}) from None


Zone = Annotated[Text, Field(max_length=64, examples=["America/Denver"]), AfterValidator(_zone)]
SlotId = Annotated[SlotKey, BeforeValidator(_slot, json_schema_input_type=str)]
Phone = Annotated[
    Text,
    Field(min_length=1, max_length=40, description="With its country's code, or as it is written where we call."),
]
About = Annotated[Text, Field(max_length=ABOUT_LIMIT)]


class SlotsQuery(Query):
    """Times that start in `from`..`to`; without, all that can be booked."""

    since: Annotated[Moment | None, Field(alias="from")] = None
    until: Annotated[Moment | None, Field(alias="to")] = None
    kind: Kind | None = None


class NewBooking(Request):
    """A `slot`, or `now` for a call as soon as somebody can. Without `phone`, the number that the customer is known by;
    without `zone`, the team's."""

    kind: Kind
    slot: SlotId | None = None
    now: Literal[True] | None = None
    phone: Phone | None = None
    about: About = ""
    zone: Zone | None = None

    @model_validator(mode="after")
    def _one_time(self) -> NewBooking:
        if (self.slot is None) == (self.now is None):
            raise PydanticCustomError("time", "give slot or now, and not both")
        if self.now and self.kind != "call":
            raise PydanticCustomError("now", "only a call can be asked for now; for a chat, write")
        if self.slot is not None and self.slot.kind != self.kind:
            raise PydanticCustomError("kind", "that slot is of the other kind")
        return self


class BookingFor(NewBooking):
    """Booked by an agent, for the customer of a thread."""

    thread: Id

    @model_validator(mode="after")
    def _a_slot(self) -> BookingFor:
        if self.slot is None:
            raise PydanticCustomError("time", "give a slot; who wants to call now calls")
        return self


class BookingChange(Request):
    """What is not given stays as it is."""

    slot: SlotId | None = None
    phone: Phone | None = None
    about: About | None = None
    zone: Zone | None = None


class SlotShape(BaseModel):
    """A time on offer; `id` names the moment, so that the two hours of a night on which clocks go back differ."""

    id: str
    start: datetime
    end: datetime
    kind: Kind
    left: int


class NowShape(BaseModel):
    """Whether a call can be asked for at once."""

    call: bool


class Slots(BaseModel):
    """`zone` is the team's, `kinds` what it takes bookings for. With `next` there are more: ask again `from` there."""

    items: list[SlotShape]
    zone: str
    now: NowShape
    kinds: list[Kind]
    next: datetime | None = None


class PersonShown(BaseModel):
    name: str


class Keeper(BaseModel):
    id: str
    name: str


class BookedBy(BaseModel):
    kind: Literal["customer", "agent"]
    id: str | None = None
    name: str | None = None


class OwnBooking(BaseModel):
    """A customer's. `ics` is its calendar file, good for about two hours; `manage` the page where whoever has the link
    can change it; `next` what to choose from where nobody called."""

    id: str
    kind: Kind
    state: Literal["booked", "due", "begun", "done", "missed", "cancelled"]
    start: datetime
    end: datetime
    zone: str
    about: str
    phone: str | None = None
    sequence: int
    created_at: datetime
    changed_at: Annotated[datetime, Field(description="When it was made, last moved, or cancelled.")]
    ended_at: Annotated[datetime | None, Field(description="Of what is done, missed or cancelled.")] = None
    now: Annotated[bool | None, Field(description="There when it was asked for at once.")] = None
    broken: Annotated[bool | None, Field(description="There when the promise was not kept.")] = None
    claimed_by: PersonShown | None = None
    begun_by: PersonShown | None = None
    can: list[Literal["move", "cancel"]]
    next: list[SlotShape] | None = None
    ics: str
    manage: str


class OwnBookings(TeamFacts):
    """The newest first, and whose they are."""

    items: list[OwnBooking]


class TeamBooking(BaseModel):
    """As the team sees it. `rings`: who is asked to claim it, or rung for it, now. `call`: the latest by our phone."""

    id: str
    thread: str
    team: str
    customer: Customer
    kind: Kind
    state: State
    start: datetime
    end: datetime
    zone: str
    about: str
    phone: str | None = None
    dial: Annotated[str | None, Field(description="A tel: URL, of a call.")] = None
    sequence: int
    created_at: datetime
    booked_by: BookedBy
    claimed_by: Keeper | None = None
    begun_by: Keeper | None = None
    step: Step | None = None
    due_at: datetime | None = None
    fired_at: datetime | None = None
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    waited_seconds: Annotated[int | None, Field(description="Of one who wanted to be called now.")] = None
    now: bool | None = None
    late: bool | None = None
    broken: bool | None = None
    rings: list[str]
    call: CallShape | None = None


class BookingLink(BaseModel):
    """For the customer: they book with it and need no account."""

    url: str
