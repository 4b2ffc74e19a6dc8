"""`status`: what the running gateway knows of itself, and what the database knows when none is running."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gateway.cli.options import config_option, read_settings, with_store
from gateway.errors import Unavailable

if TYPE_CHECKING:
    from rich.console import Console

    from gateway.settings import Settings

PATIENCE: Final = 5.0
"""Seconds for the gateway to answer."""
UNBROKEN: Final = 10_000
"""Columns of what is no terminal: what a program reads by the line stays on one."""


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def status(folder: Path, as_json: bool) -> None:
    """The live config version and its faults, and of each channel what last came, went and went wrong."""
    from rich.console import Console

    settings = read_settings(folder)
    found = _ask(settings)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    _show(Console(width=None if sys.stdout.isatty() else UNBROKEN, highlight=False), found)


def _ask(settings: Settings) -> dict[str, Any]:
    """From the process that serves the database; else what is in the database itself, with `running` false."""
    import asyncio

    try:
        return {"running": True, **asyncio.run(_from_gateway(settings))}
    except OSError:  # nobody is at the socket's other end
        return {"running": False, **_from_database(settings)}


async def _from_gateway(settings: Settings) -> dict[str, Any]:
    import aiohttp

    socket = aiohttp.UnixConnector(str(settings.local_socket))
    async with (
        aiohttp.ClientSession(connector=socket, timeout=aiohttp.ClientTimeout(PATIENCE)) as session,
        session.get("http://gateway/status.json") as answer,
    ):
        found: dict[str, Any] = await answer.json()
        return found


def _from_database(settings: Settings) -> dict[str, Any]:
    from gateway.actions.overview import NOTHING_UNDER_WAY, facts, held_notice

    database = settings.database
    if database.engine == "sqlite" and not database.path.exists():
        raise Unavailable(f"no gateway serves {database.path}, and there is no such database")
    known = with_store(settings, lambda store: store.read(facts))
    counts, wrong = known.under_way, known.misconfigured
    channels = [
        {"name": name, "configuration": wrong.get(name, [])} | counts.get(name, NOTHING_UNDER_WAY)
        for name in sorted(counts.keys() | wrong.keys())
    ]
    return {
        "version": settings.version,
        "notices": held_notice(known),
        "channels": channels,
        "people": known.people,
        "tokens": known.tokens,
    }


def _show(console: Console, found: dict[str, Any]) -> None:
    from rich.table import Table

    where = f"running on {found['listen']}" if found["running"] else "not running; this is what the database knows"
    console.print(f"Teamline is {where}. Config {found['version']}.")
    for fault in found.get("faults", ()):
        said = f"{fault['path']}:{fault['line']}: {fault['key']}: {fault['problem']}; {fault['remedy']}"
        console.print(f"fault: {said}", markup=False)
    for notice in found.get("notices", ()):
        console.print(f"notice: {notice}", markup=False)
    table = Table("channel", "last in", "last out", "queued", "retrying", "unknown", "last error")
    for row in found["channels"]:
        error = row.get("last_error")
        told = f"{error['at'][:19]} {error.get('code', '')} {error['detail']}" if error else "none"
        times = [row.get(key, "never")[:19].replace("T", " ") for key in ("last_in", "last_out")]
        table.add_row(row["name"], *times, *(str(row[key]) for key in ("queued", "retrying", "unknown")), told)
    console.print(table)
    for row in found["channels"]:
        for error in row["configuration"]:
            said = " ".join(filter(None, (error["code"], error["detail"], error.get("link"))))
            console.print(
                f"{row['name']}: our own set-up: {said} ({error['count']} times, last {error['at'][:19]})", markup=False
            )
    people = sum(not person["disabled"] for person in found["people"])
    console.print(f"{people} people with access, {len(found['tokens'])} personal tokens.")
