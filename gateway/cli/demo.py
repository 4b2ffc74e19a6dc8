"""`demo`: the gateway with a phone on the screen and accounts that everyone knows, for this machine only."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gateway.cli.options import config_option, now, with_store
from gateway.errors import Conflict

if TYPE_CHECKING:
    from gateway.domain.author import Role
    from gateway.http.deps import DemoPhone
    from gateway.settings import Settings
    from gateway.store.store import Store

PASSWORD: Final = "teamline demo"
PHONE: Final = "+13035550142"
PEOPLE: Final[tuple[tuple[str, str, Role, int | None], ...]] = (
    ("ana", "Ana Ortiz", "lead", 0),
    ("ben", "Ben Whitaker", "agent", 0),
    ("chloe", "Chloe Nguyen", "agent", 1),
    ("dana", "Dana Fields", "admin", None),
)
"""Login, name, role, and which team of the config."""


@click.command()
@config_option
@click.option("--port", type=click.IntRange(0, 65535), help="Overrides the port of `listen`.")
def demo(folder: Path, port: int | None) -> None:
    """Run the gateway with a phone on the screen and a few people who answer. Needs no account anywhere."""
    import asyncio

    from gateway import log
    from gateway.app import serve_forever
    from gateway.settings import Database, load

    log.configure()
    settings = load(folder)
    listen = None if port is None else str(settings.listen._replace(port=port))
    if listen is not None:
        settings = load(folder, listen=listen)
    if not settings.is_local:
        raise Conflict("the demo's phone and accounts are for this machine only: make listen and public_url loopback")
    database = settings.database.path.with_name("demo.db")
    settings = dataclasses.replace(settings, database=Database(url=f"sqlite:///{database}"))
    phone = find_phone(settings)
    with_store(settings, lambda store: _people(store, settings))
    asyncio.run(serve_forever(settings, listen, _announce, phone))


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


async def _people(store: Store, settings: Settings) -> None:
    from gateway.actions.people import add_agent
    from gateway.http.passwords import hash_password
    from gateway.store.agents import NewAgent, list_agents

    known = {row["login"] for row, _ in await store.read(list_agents)}
    missing = [person for person in PEOPLE if person[0] not in known]
    hashed = hash_password(PASSWORD) if missing else ""
    teams = list(settings.teams.by_id)
    for login, name, role, place in missing:
        mine = () if place is None else (teams[min(place, len(teams) - 1)],)
        new = NewAgent(login, name, name.split()[0], role, hashed, mine, demo=True)
        await store.write(add_agent, new, now())


def _announce(url: str) -> None:
    click.echo(f"listening on {url}")
    click.echo(f"\n  The customer's phone   {url}/demo")
    click.echo(f"  The team's console     {url}/console")
    click.echo(f"\n  Sign in as {', '.join(person[0] for person in PEOPLE)}; the password is: {PASSWORD}\n")
    click.echo("  Ctrl+C ends it.")
