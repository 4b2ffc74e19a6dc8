"""teams.toml into `Teams`. This file finds what only all teams together can show: what is said twice, and defaults."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from gateway.domain.days import Days, read_exceptions
from gateway.domain.hours import Hours, HoursError, read_week
from gateway.domain.message import TeamId
from gateway.domain.routing import Teams
from gateway.domain.slots import Callbacks
from gateway.domain.team import Team
from gateway.errors import Fault
from gateway.settings.document import Document
from gateway.settings.faults import faults, nearest
from gateway.settings.lines import KeyPath
from gateway.settings.models import TeamsFile, TeamTable


def team_ids(document: Document) -> frozenset[str]:
    """Every id that the file claims, faulty or not, so that one fault does not cause ten."""
    return frozenset(str(table["id"]) for _, table in _tables(document) if isinstance(table.get("id"), str))


def read_teams(document: Document) -> tuple[Teams | None, list[Fault]]:
    """The teams, or None with everything that is wrong."""
    found = [*_file_faults(document), *_repeats(document)]
    teams: list[Team] = []
    for base, table in _tables(document):
        found += _hours_faults(document, (*base, "hours"), table.get("hours"), read_week)
        found += _hours_faults(document, (*base, "dates"), table.get("dates"), read_exceptions)
        try:
            shape = TeamTable.model_validate(table)
        except ValidationError as error:
            found += faults(document, TeamTable, error, base)
        else:
            if not found:
                teams.append(_team(shape))
    if found:
        return None, found
    default = document.data.get("default_team", teams[0].id)
    return Teams(MappingProxyType({team.id: team for team in teams}), default), []


def _team(shape: TeamTable) -> Team:
    zone: ZoneInfo = shape.timezone
    hours = Hours(zone) if shape.hours is None else Hours.of(zone, shape.hours)
    days, terms = Days(hours, read_exceptions(shape.dates)), Callbacks(**shape.callbacks.model_dump())
    return Team(TeamId(shape.id), shape.name, zone, shape.regions, days, terms)


def _tables(document: Document) -> Iterator[tuple[KeyPath, Mapping[str, Any]]]:
    tables = document.data.get("team")
    for index, table in enumerate(tables if isinstance(tables, list) else ()):
        if isinstance(table, dict):
            yield ("team", index), table


def _file_faults(document: Document) -> Iterator[Fault]:
    try:
        default = TeamsFile.model_validate(dict(document.data)).default_team
    except ValidationError as error:
        yield from faults(document, TeamsFile, error)
        return
    ids = team_ids(document)
    if default is None and len(ids) > 1:
        right = f"name one of: {', '.join(sorted(ids))}"
        yield document.fault(("default_team",), "is missing, with more than one team", right)
    elif default is not None and default not in ids:
        yield document.fault(("default_team",), "is no team", nearest(default, ids))


def _repeats(document: Document) -> Iterator[Fault]:
    ids: set[str] = set()
    owners: dict[str, str] = {}
    for base, table in _tables(document):
        team, regions = table.get("id"), table.get("regions")
        if isinstance(team, str) and team in ids:
            yield document.fault((*base, "id"), "is another team's id", "give each team its own")
        ids.add(str(team))
        for index, region in enumerate(regions if isinstance(regions, list) else ()):
            if isinstance(region, str) and region in owners:
                where = f'is in the regions of "{owners[region]}" already'
                yield document.fault((*base, "regions", index), where, "name a region once")
            owners.setdefault(str(region), str(team))


def _hours_faults(
    document: Document, base: KeyPath, table: Any, read: Callable[[Mapping[str, Sequence[str]]], object]
) -> Iterator[Fault]:
    """Faults of the days whose form is right; the form is the model's business."""
    if not isinstance(table, dict):
        return
    formed = {day: ranges for day, ranges in table.items() if _texts(ranges)}
    if table and not formed:
        return
    try:
        read(formed)
    except HoursError as error:
        for fault in error.faults:
            place = tuple(part for part in (fault.key, fault.place) if part not in {"", None})
            yield document.fault((*base, *place), fault.problem, fault.remedy)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
