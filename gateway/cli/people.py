"""`agent`: people are rows, not config."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.duty import phone, shifts
from gateway.cli.options import config_option, login_name, login_option, now, read_settings, with_store
from gateway.errors import Invalid

if TYPE_CHECKING:
    from gateway.domain.author import Role
    from gateway.domain.message import TeamId
    from gateway.settings import Settings

SHORTEST_PASSWORD = 12
ROLES = click.Choice(["agent", "lead", "admin"])

password_option = click.option(
    "--password-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True),
    help="A file with the password on its first line, or - for standard input; asked for when left out.",
)
team_option = click.option("--team", "teams", multiple=True, help="A team's id; may be given several times.")


@click.group()
def agent() -> None:
    """The people who answer."""


for command in (phone, shifts):
    agent.add_command(command)


@agent.command()
@config_option
@login_option
@click.option("--name", required=True, help="The full name, as colleagues see it.")
@click.option("--display-name", help="What customers see; the first name when left out.")
@team_option
@click.option("--role", type=ROLES, default="agent", show_default=True)
@password_option
def add(
    folder: Path,
    login: str,
    name: str,
    display_name: str | None,
    teams: tuple[str, ...],
    role: Role,
    password_file: Path | None,
) -> None:
    """Add a person."""
    from gateway.actions.people import add_agent
    from gateway.http.passwords import hash_password
    from gateway.store.agents import NewAgent

    settings = read_settings(folder)
    if not teams and role != "admin":
        raise Invalid("name at least one --team; only an admin needs none")
    new = NewAgent(
        login_name(login),
        _name(name, "--name"),
        _name(display_name or name.split(maxsplit=1)[0] if name.split() else "", "--display-name"),
        role,
        hash_password(_password(password_file)),
        _teams(settings, teams),
    )
    with_store(settings, lambda store: store.write(add_agent, new, now()))
    click.echo(f"added {new.login}")


@agent.command("list")
@config_option
def list_(folder: Path) -> None:
    """Everyone, by login."""
    from rich.console import Console
    from rich.table import Table

    from gateway.store.agents import list_agents

    table = Table("login", "name", "customers see", "role", "teams", "")
    for row, teams in with_store(read_settings(folder), lambda store: store.read(list_agents)):
        state = "disabled" if row["disabled_at"] is not None else ""
        table.add_row(row["login"], row["name"], row["display_name"], row["role"], ", ".join(teams), state)
    Console(width=None if sys.stdout.isatty() else 200).print(table)


@agent.command()
@config_option
@login_option
@password_option
def passwd(folder: Path, login: str, password_file: Path | None) -> None:
    """Change a password. Every session of that person ends."""
    from gateway.actions.people import change_password
    from gateway.http.passwords import hash_password

    settings = read_settings(folder)
    hashed = hash_password(_password(password_file))
    with_store(settings, lambda store: store.write(change_password, login_name(login), hashed, now()))
    click.echo(f"changed; {login} must sign in again")


@agent.command()
@config_option
@login_option
def disable(folder: Path, login: str) -> None:
    """End a person's access: sessions and tokens end, what they wrote stays."""
    from gateway.actions.people import disable_agent

    with_store(read_settings(folder), lambda store: store.write(disable_agent, login_name(login), now()))
    click.echo(f"disabled {login}")


@agent.command()
@config_option
@login_option
def enable(folder: Path, login: str) -> None:
    """Give a disabled person their access back. Their old sessions and tokens stay ended."""
    from gateway.actions.people import enable_agent

    with_store(read_settings(folder), lambda store: store.write(enable_agent, login_name(login)))
    click.echo(f"enabled {login}; they sign in with their password, and need new tokens")


@agent.command("role")
@config_option
@login_option
@click.option("--role", "chosen", type=ROLES, required=True)
def role_(folder: Path, login: str, chosen: Role) -> None:
    """Give a person another role."""
    from gateway.actions.people import change_role

    with_store(read_settings(folder), lambda store: store.write(change_role, login_name(login), chosen, now()))
    click.echo(f"{login}: {chosen}")


@agent.command("teams")
@config_option
@login_option
@team_option
@click.option("--none", "no_team", is_flag=True, help="Take the person out of every team.")
def teams_(folder: Path, login: str, teams: tuple[str, ...], no_team: bool) -> None:
    """Put a person into exactly these teams; without --team, show the ones they are in."""
    from gateway.actions.people import change_teams, current_teams

    settings = read_settings(folder)
    if teams and no_team:
        raise Invalid("give --team or --none, not both")
    chosen: Sequence[TeamId]
    if teams or no_team:
        chosen = put = _teams(settings, teams)
        with_store(settings, lambda store: store.write(change_teams, login_name(login), put, now()))
    else:
        chosen = with_store(settings, lambda store: store.read(current_teams, login_name(login)))
    click.echo(f"{login}: {', '.join(chosen) or 'no team'}")


def _name(text: str, option: str) -> str:
    name = " ".join(text.split())
    if not 0 < len(name) <= 80 or not name.isprintable():
        raise Invalid(f"{option} takes 1 to 80 printable characters")
    return name


def _teams(settings: Settings, teams: Sequence[str]) -> tuple[TeamId, ...]:
    known = settings.teams.by_id
    unknown = sorted(set(teams) - set(known))
    if unknown:
        raise Invalid(f"there is no team {unknown[0]} in teams.toml; there are {', '.join(known)}")
    return tuple(team for team in known if team in teams)


def _password(file: Path | None) -> str:
    if file is None:
        password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = _first_line(file)
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(f"a password has at least {SHORTEST_PASSWORD} characters")
    return password


def _first_line(file: Path) -> str:
    try:
        with click.open_file(str(file), encoding="utf-8") as opened:
            lines = opened.read().splitlines()
    except UnicodeDecodeError:
        raise Invalid("the password file is not UTF-8") from None
    return lines[0] if lines else ""
