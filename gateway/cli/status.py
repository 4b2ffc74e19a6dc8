"""`status`: what the running gateway knows of itself, and what the database knows when none is running."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gateway.cli.options import config_option, with_store
from gateway.errors import Unavailable

if TYPE_CHECKING:
    from rich.console import Console

    from gateway.settings import Settings

PATIENCE: Final = 5.0
"""Seconds for the gateway to answer."""


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def status(folder: Path, as_json: bool) -> None:
    """The live config version and its faults, and of each channel what last came, went and went wrong."""
    from rich.console import Console

    from gateway.settings import load

    settings = load(folder)
    found = _ask(settings)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    _show(Console(width=None if sys.stdout.isatty() else 160, highlight=False), settings, found)


def _ask(settings: Settings) -> dict[str, Any]:
    """From the gateway that listens where the config says; else what is in the database, with `running` false."""
    from urllib.error import URLError
    from urllib.request import ProxyHandler, build_opener

    listen = settings.operator_listen or settings.listen
    try:
        with build_opener(ProxyHandler({})).open(f"http://{listen}/status.json", timeout=PATIENCE) as answer:
            found: dict[str, Any] = json.load(answer)
            return {"running": True, **found}
    except (URLError, OSError, ValueError):
        return {"running": False, **_from_database(settings)}


def _from_database(settings: Settings) -> dict[str, Any]:
    from gateway.actions.overview import facts

    if not settings.database.path.exists():
        raise Unavailable(f"nothing listens on {settings.listen}, and there is no database {settings.database.path}")
    known = with_store(settings, lambda store: store.read(facts))
    channels = [{"name": name, **counts} for name, counts in sorted(known.under_way.items())]
    return {"version": settings.version, "channels": channels, "people": known.people, "tokens": known.tokens}


def _show(console: Console, settings: Settings, found: dict[str, Any]) -> None:
    from rich.table import Table

    where = f"running on {settings.listen}" if found["running"] else "not running; this is what the database knows"
    console.print(f"Teamline is {where}. Config {found['version']}.")
    for fault in found.get("faults", ()):
        console.print(f"fault: {fault['path']}:{fault['line']}: {fault['key']}: {fault['problem']}; {fault['remedy']}")
    for notice in found.get("notices", ()):
        console.print(f"notice: {notice}")
    table = Table("channel", "last in", "last out", "queued", "retrying", "unknown", "last error")
    for row in found["channels"]:
        error = row.get("last_error")
        told = f"{error['at'][:19]} {error.get('code', '')} {error['detail']}" if error else "none"
        times = [row.get(key, "never")[:19].replace("T", " ") for key in ("last_in", "last_out")]
        table.add_row(row["name"], *times, *(str(row[key]) for key in ("queued", "retrying", "unknown")), told)
    console.print(table)
    people = sum(not person["disabled"] for person in found["people"])
    console.print(f"{people} people with access, {len(found['tokens'])} personal tokens.")
