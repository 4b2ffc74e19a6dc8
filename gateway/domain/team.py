"""A team: the people who are there for a region, as far as the configuration knows them. Its agents are rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from gateway.domain.days import Days
from gateway.domain.hours import Hours
from gateway.domain.message import TeamId
from gateway.domain.slots import Callbacks


@dataclass(frozen=True, slots=True)
class Team:
    """`regions` are places ("US-CO", "US") and phone number prefixes ("+1303")."""

    id: TeamId
    name: str
    timezone: ZoneInfo
    regions: tuple[str, ...]
    days: Days
    """When it is there: the hours of its week, and the dates that have their own."""
    callbacks: Callbacks = field(default_factory=Callbacks)
    """On what terms it takes bookings."""

    @property
    def hours(self) -> Hours:
        """Of an ordinary week."""
        return self.days.hours
