"""A call through a voice channel, as the team sees it beside its booking."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from gateway.domain.call import LegState, State


class CallerShape(BaseModel):
    id: str
    name: str


class CallShape(BaseModel):
    """`agent` and `customer` are the two legs: the last that was heard of each, or null."""

    id: str
    state: State
    by: CallerShape
    at: Annotated[datetime, Field(description="When it was asked for.")]
    agent: LegState | None
    customer: LegState | None
    connected_at: Annotated[datetime | None, Field(description="When the customer picked up.")] = None
    ended_at: datetime | None = None
    seconds: Annotated[int | None, Field(description="How long the two were connected.")] = None
    detail: Annotated[str | None, Field(description="Why it failed, or why nobody knows what became of it.")] = None
