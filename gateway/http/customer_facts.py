"""The head of a customer's page: whose it is, when people are there, when they last wrote. Facts, never promises."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.actions.customer_view import Facts
from gateway.domain.instant import from_micros, micros, rfc3339
from gateway.domain.message import TeamId
from gateway.domain.routing import Teams
from gateway.domain.slots import KINDS
from gateway.domain.team import Team
from gateway.domain.wire import Json
from gateway.feed import cursor
from gateway.http.deps import Deps

AHEAD: Final = timedelta(days=14)
"""How far ahead dates with hours of their own are told."""


def about(deps: Deps, facts: Facts, channel: str, now: int) -> Json:
    """Everything that GET /thread says of a customer, or of somebody who is none yet."""
    teams: Teams = deps.settings().teams
    return (
        of_team(teams, facts.team, now)
        | facts.shape
        | {"accepts": _accepts(deps, channel), "feed": cursor.encode(facts.heads)}
    )


def of_team(teams: Teams, id_: TeamId, now: int) -> Json:
    """Its name, its hours, and for what it takes bookings."""
    team = teams.get(id_)
    known = team or teams.route()
    books = [kind for kind in KINDS if team is not None and team.callbacks.places(kind)]
    return {"team": {"id": id_, "name": team.name if team else id_}, "books": books} | _hours(known, now)


def _hours(team: Team, now: int) -> Json:
    at = from_micros(now)
    is_open, change = team.days.is_open(at), team.days.changes_at(at)
    today = at.astimezone(team.timezone).date()
    shape: Json = {
        "timezone": team.timezone.key,
        "hours": team.hours.table(),
        "dates": team.days.table(today, today + AHEAD),
        "open": is_open,
    }
    return shape if change is None else shape | {"open_until" if is_open else "opens_at": rfc3339(micros(change))}


def _accepts(deps: Deps, channel: str) -> Json:
    adapter = deps.channels.get(channel)
    if adapter is None:  # the channel was taken away a moment ago
        return {"max_body": 0, "max_files": 0, "max_file_bytes": 0, "types": []}
    can = adapter.capabilities
    sizes = {"max_body": can.max_body, "max_files": can.max_files, "max_file_bytes": can.max_file_bytes}
    return sizes | {"types": sorted(can.file_types)}
