"""`serve`, `check` and `migrate`."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import click

from gateway.cli.options import config_option, read_settings, with_store
from gateway.errors import ConfigError


@click.command()
@config_option
@click.option("--listen", metavar="HOST:PORT", help="Overrides `listen` of gateway.toml; port 0 picks a free one.")
def serve(folder: Path, listen: str | None) -> None:
    """Run the gateway until SIGTERM. SIGHUP, and any change in the folder, reloads the config."""
    gc.disable()  # until we serve: what is imported stays, and going through it again and again is a tenth of the start
    import asyncio

    from gateway import log
    from gateway.app import serve_forever
    from gateway.settings import Overrides, load

    log.configure()
    settings = load(folder, overrides=Overrides(listen=listen))
    asyncio.run(serve_forever(settings, announce=lambda url: click.echo(f"listening on {url}")))


@click.command()
@click.argument(
    "folder", type=click.Path(path_type=Path), envvar="TEAMLINE_CONFIG", default=Path("config"), metavar="[DIR]"
)
def check(folder: Path) -> None:
    """Validate the whole config folder: one line a fault, all of them in one pass, exit code 1 if there is any."""
    from gateway.settings import load

    try:
        settings = load(folder)
    except ConfigError as error:  # here the faults are the answer, not a complaint
        for fault in error.faults:
            click.echo(str(fault))
        sys.exit(1)
    teams, channels = len(settings.teams.by_id), len(settings.channels)
    click.echo(f"{folder}: valid, version {settings.version}; teams: {teams}; channels turned on: {channels}")


@click.command()
@config_option
def migrate(folder: Path) -> None:
    """Bring the database to this version's schema, as every command that opens it does first."""
    from gateway.store.proof import schema_version

    settings = read_settings(folder)
    version = with_store(settings, lambda store: store.read(schema_version))
    click.echo(f"{settings.database.name}: schema version {version}")
