"""What several commands share: the config folder, the database, and how errors are told."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from gateway.cli.ending import ending
from gateway.errors import ConfigError, Invalid, TeamlineError

if TYPE_CHECKING:
    from gateway.settings import Settings
    from gateway.store.store import Store

T = TypeVar("T")

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}", re.ASCII)

config_option = click.option(
    "--config",
    "folder",
    type=click.Path(path_type=Path),
    envvar="TEAMLINE_CONFIG",
    default=Path("config"),
    show_default=True,
    help="The config folder.",
)


login_option = click.option("--login", required=True, help="What the person signs in with.")


class Commands(click.Group):
    """Our own errors are one clear line (a fault each for a config) and exit code 1, never a traceback."""

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """As a process of its own, which ends here."""
        ending(lambda: self.main(*args, **kwargs))

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            for fault in error.faults:
                click.echo(str(fault), err=True)
        except TeamlineError as error:
            click.echo(f"teamline: {error.detail}", err=True)
        sys.exit(1)


def read_settings(folder: Path) -> Settings:
    """For a command that works on the database alone: it needs no channel, and so none of the channels' secrets."""
    from gateway.settings import load

    return load(folder, with_secrets=False)


def login_name(text: str) -> str:
    """As it is stored. Raises Invalid."""
    login = text.strip().lower()
    if _LOGIN.fullmatch(login) is None:
        raise Invalid("a login has up to 64 letters, digits and . _ @ + -")
    return login


def now() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000


def with_store(settings: Settings, work: Callable[[Store], Awaitable[T]]) -> T:
    """Open the database beside whoever serves it, migrated, do the work, and close it."""
    from gateway.store.doorbell import Doorbell
    from gateway.store.open import open_store

    async def run() -> T:
        store = await open_store(settings.database.place, Doorbell(), serving=False)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())
