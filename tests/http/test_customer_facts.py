"""What a customer is told of the team's hours heeds the dates that differ."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType

from gateway.actions.customer_view import Facts
from gateway.domain.days import Days, read_exceptions
from gateway.domain.hours import Hours
from gateway.domain.instant import from_micros
from gateway.domain.message import TeamId
from gateway.domain.routing import Teams
from gateway.http.customer_facts import about
from tests.http.running import START, Desk

DENVER = TeamId("denver")


async def test_a_closed_date(desk: Desk) -> None:
    """Closed all of today and tomorrow, though the week says open; what is weeks away is not told yet."""
    settings = desk.deps.settings()
    team = settings.teams.by_id[DENVER]
    dates = read_exceptions({"2026-11-18": [], "2026-11-19": [], "2026-11-20": ["09:00-12:00"], "2026-12-25": []})
    hours = Hours.of(team.timezone, {"mon-sun": ["00:00-24:00"]})
    team = dataclasses.replace(team, days=Days(hours, dates))
    changed = dataclasses.replace(settings, teams=Teams(MappingProxyType({DENVER: team}), DENVER))
    deps = dataclasses.replace(desk.deps, settings=lambda: changed)
    told = about(deps, Facts(DENVER, None, {}, {}), "web", START)
    assert "2026-11-18" == f"{from_micros(START).astimezone(team.timezone):%Y-%m-%d}"
    assert (False, "2026-11-20T16:00:00.000000Z") == (told["open"], told["opens_at"])
    assert {"2026-11-18": [], "2026-11-19": [], "2026-11-20": [("09:00", "12:00")]} == told["dates"]
    assert {"mon", "sun"} <= told["hours"].keys()
