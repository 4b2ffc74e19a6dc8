"""`demo`: the gateway with a phone on the screen and a small company that everyone may play, for this machine only."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from gateway.cli.options import config_option, with_store
from gateway.errors import Conflict

if TYPE_CHECKING:
    from gateway.cli.company import Desk
    from gateway.domain.message import TeamId
    from gateway.domain.team import Team
    from gateway.http.deps import DemoPhone
    from gateway.settings import Settings
    from gateway.store.store import Store, Tx

PASSWORD: Final = "teamline demo"
PHONE: Final = "+13035550142"
MOST_PAST: Final = 100
"""Messages that the phone shows from before."""


class Account(NamedTuple):
    """Somebody who can sign in; `teams` is where they work, in words."""

    login: str
    name: str
    role: str
    teams: str


@click.command()
@config_option
@click.option("--port", type=click.IntRange(1, 65535), help="Overrides the port of `listen`.")
def demo(folder: Path, port: int | None) -> None:
    """Run the gateway with a phone on the screen and a small company that answers. Needs no account anywhere."""
    import asyncio

    from gateway import log
    from gateway.app import serve_forever
    from gateway.settings import Database, Overrides, load

    log.configure()
    said = load(folder)
    listen = None if port is None else str(said.listen._replace(port=port))
    beside = said.database.path if said.database.engine == "sqlite" else Path("var/teamline.db")
    database = beside.with_name("demo.db")
    settings = load(folder, overrides=Overrides(listen, Database(url=f"sqlite:///{database}")))
    if not settings.is_local:
        raise Conflict("the demo's phone and accounts are for this machine only: make listen and public_url loopback")
    phone = find_phone(settings)
    accounts, phone = with_store(settings, lambda store: _open(store, settings, phone))
    asyncio.run(serve_forever(settings, partial(_announce, accounts, database), phone))


def find_phone(settings: Settings) -> DemoPhone | None:
    """The first loopback channel and its first number, if the config has one."""
    from gateway.http.deps import DemoPhone

    for channel in settings.channels.values():
        numbers = getattr(channel.config, "numbers", {})
        if channel.config.adapter == "loopback" and numbers:
            number, destination = next(iter(numbers.items()))
            team = settings.teams.get(destination.team) or settings.teams.by_id[settings.teams.default]
            return DemoPhone(channel.name, PHONE, number, team.name)
    return None


async def _open(store: Store, settings: Settings, phone: DemoPhone | None) -> tuple[list[Account], DemoPhone | None]:
    """Who can sign in, and the phone with what its owner and the team have said to each other."""
    accounts = await open_company(store, settings, phone)
    if phone is None:
        return accounts, None
    return accounts, replace(phone, past=tuple(await store.read(_past, phone)))


async def _past(tx: Tx, phone: DemoPhone) -> list[dict[str, str]]:
    from gateway.domain.address import Address
    from gateway.domain.instant import rfc3339
    from gateway.store import messages, threads

    thread = await threads.find_thread(tx, phone.channel, phone.team_number, Address("phone", phone.number))
    if thread is None:
        return []
    said = await messages.unscoped_newest(tx, thread, MOST_PAST)
    return [{"id": str(one.id), "direction": one.direction, "body": one.body, "at": rfc3339(one.at)} for one in said]


async def open_company(store: Store, settings: Settings, phone: DemoPhone | None) -> list[Account]:
    """Who can sign in; where nobody is there yet, the company is founded first."""
    from gateway.cli.company import found, make_plan
    from gateway.http.passwords import hash_password
    from gateway.store.agents import list_agents

    if not await store.read(list_agents):
        teams = _teams(settings, phone)
        plan = make_plan([team.hours for team in teams], datetime.now(UTC))
        desks = [_desk(team, settings, phone) for team in teams]
        await store.write(found, plan, phone.channel if phone else None, desks, hash_password(PASSWORD))
    people = sorted(await store.read(list_agents), key=lambda person: int(person[0]["id"]))
    return [
        Account(row["login"], row["name"], row["role"], _place(row["role"], teams, settings))
        for row, teams in people
        if row["disabled_at"] is None
    ]


def _teams(settings: Settings, phone: DemoPhone | None) -> list[Team]:
    """The one that the phone writes to comes first."""
    return sorted(settings.teams, key=lambda team: phone is not None and team.name != phone.team_name)


def _desk(team: Team, settings: Settings, phone: DemoPhone | None) -> Desk:
    """A team that has no number of its own shares the phone's."""
    from gateway.cli.company import Desk

    if phone is None:
        return Desk(team.id, "")
    numbers = getattr(settings.channels[phone.channel].config, "numbers", {})
    own = [number for number, destination in numbers.items() if destination.team == team.id]
    return Desk(team.id, own[0] if own else phone.team_number)


def _place(role: str, teams: Sequence[TeamId], settings: Settings) -> str:
    if role == "admin":
        return "every team"
    known = [settings.teams.get(team) for team in teams]
    return ", ".join(team.name for team in known if team is not None)


def _announce(accounts: Sequence[Account], database: Path, url: str) -> None:
    click.echo(f"listening on {url}")
    click.echo(f"\n  The customer's phone   {url}/demo")
    click.echo(f"  The team's console     {url}/console\n")
    widths = [max(map(len, column)) for column in zip(*accounts, strict=True)]
    for title, account in zip(("Sign in as", *[""] * len(accounts)), accounts, strict=False):
        cells = "   ".join(cell.ljust(width) for cell, width in zip(account, widths, strict=True))
        click.echo(f"  {title:23}{cells}".rstrip())
    click.echo(f"  {'with the password':23}{PASSWORD}\n")
    click.echo(f"  All of it is in {database}; to start afresh: rm {shlex.quote(str(database))}*")
    click.echo("  Ctrl+C ends it.")
