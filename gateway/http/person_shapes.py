"""What is known of a customer beside what they wrote, as the agent API gives it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field


class Person(BaseModel):
    id: str
    name: str


class Consent(BaseModel):
    """Why we wrote first: who agreed, when and how, and who of us recorded it."""

    way: str
    who: str
    when: datetime
    how: str
    recorded_by: Person
    at: datetime


class Profile(BaseModel):
    """What the company's own token says of a customer in its app; without what it does not say."""

    phone: str | None = None
    phone_verified: bool
    postal_code: str | None = None
    region: str | None = None
    class_: Annotated[str | None, Field(alias="class")] = None
    account: str | None = None
    locale: str | None = None
    seen_at: Annotated[datetime, Field(description="When they last came with a token that was new.")]


class Same(BaseModel):
    """Another customer with the same phone number, and whether the company vouches for it."""

    thread: str
    customer: Person
    verified: bool
