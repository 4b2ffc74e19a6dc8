"""A team: the people who are there for a region, as far as the configuration knows them. Its agents are rows."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from gateway.domain.hours import Hours
from gateway.domain.message import TeamId


@dataclass(frozen=True, slots=True)
class Team:
    """`regions` are places ("US-CO", "US") and phone number prefixes ("+1303")."""

    id: TeamId
    name: str
    timezone: ZoneInfo
    regions: tuple[str, ...]
    hours: Hours
