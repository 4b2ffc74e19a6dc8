"""`teamline agent phone` and `agent shifts`: which phone rings for a booked call, and when somebody works."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from gateway.cli.options import config_option, login_name, login_option, now, read_settings, with_store
from gateway.errors import Invalid

OFF: Final = "off"
_DATE: Final = re.compile(r"\d{4}-", re.ASCII)
_EXAMPLE: Final = 'write such as "mon-fri 09:00-12:00 13:00-17:00", "2026-12-24 09:00-12:00" or "2026-12-25 off"'

Table = Mapping[str, Sequence[str]]


@click.command()
@config_option
@login_option
@click.option("--none", "no_phone", is_flag=True, help="No phone of theirs rings.")
@click.argument("number", required=False)
def phone(folder: Path, login: str, no_phone: bool, number: str | None) -> None:
    """Say which phone of a person rings for a booked call; without NUMBER, show it."""
    from gateway.actions.duty import phone_of, set_phone

    settings = read_settings(folder)
    if number is not None and no_phone:
        raise Invalid("give a number or --none, not both")
    chosen = None if number is None else _number(number)
    if number is not None or no_phone:
        with_store(settings, lambda store: store.write(set_phone, login_name(login), chosen))
    else:
        chosen = with_store(settings, lambda store: store.read(phone_of, login_name(login)))
    click.echo(f"{login}: {chosen or 'no phone'}")


@click.command()
@config_option
@login_option
@click.option("--team", required=True, help="A team's id; shifts go by its wall clock.")
@click.option("--none", "no_shifts", is_flag=True, help="Take away what was written down.")
@click.argument("hours", nargs=-1)
def shifts(folder: Path, login: str, team: str, no_shifts: bool, hours: tuple[str, ...]) -> None:
    """Write down when a person works for a team, such as "mon-fri 09:00-17:00" "2026-12-25 off", instead of what was
    there; without HOURS, show it. Where nobody's are written down, all of a team are there while it is open."""
    from gateway.actions.duty import set_shift_of, shift_of
    from gateway.domain.message import TeamId

    settings = read_settings(folder)
    if settings.teams.get(team) is None:
        raise Invalid(f"there is no team {team} in teams.toml; there are {', '.join(settings.teams.by_id)}")
    if hours and no_shifts:
        raise Invalid("give hours or --none, not both")
    if hours or no_shifts:
        tables = read_hours(hours) if hours else None
        with_store(settings, lambda store: store.write(set_shift_of, login_name(login), TeamId(team), tables, now()))
    else:
        tables = with_store(settings, lambda store: store.read(shift_of, login_name(login), TeamId(team)))
    click.echo(f"{login}: {_said(tables)}")


def read_hours(hours: Sequence[str]) -> tuple[Table, Table]:
    """A week and its dates, as `hours` and `dates` of a team are written; what is wrong in them is for the domain to
    say. Raises Invalid for what has no day or no hours."""
    week: dict[str, list[str]] = {}
    dates: dict[str, list[str]] = {}
    for words in hours:
        day, *ranges = words.replace(",", " ").split() or [""]
        table = dates if _DATE.match(day) else week
        if not ranges or day in table:
            raise Invalid(f"{day or 'a shift'}: is there twice or has no hours; {_EXAMPLE}")
        table[day] = [] if ranges == [OFF] else ranges
    return week, dates


def _said(tables: tuple[Table, Table] | None) -> str:
    if tables is None:
        return "nothing is written down"
    days = [f"{day} {' '.join(ranges) or OFF}" for table in tables for day, ranges in table.items()]
    return ", ".join(days) or OFF


def _number(written: str) -> str:
    """As E.164. Raises Invalid with the reason."""
    from gateway.channels import numbers

    number = numbers.e164(written)
    why = numbers.refusal(written if number is None else number)
    if number is None or why is not None:
        raise Invalid(f"that number cannot be called: {why or numbers.NO_NUMBER}")
    return number
