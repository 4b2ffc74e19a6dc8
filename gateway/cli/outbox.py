"""`outbox show` and `outbox release`: what waits, and a person's word that it may go out after a restore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.options import config_option, now, read_settings, with_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store.store import Row, Store, Tx


@click.group()
def outbox() -> None:
    """What waits to be sent, and whether it may."""


@outbox.command()
@config_option
def show(folder: Path) -> None:
    """How many messages wait on each channel, and whether they are held after a restore."""
    _tell(*with_store(read_settings(folder), _look))


@outbox.command()
@config_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def release(folder: Path, yes: bool) -> None:
    """Let messages go out again after a restore. Those that waited when the backup was made may have been sent since:
    they are looked up at their providers, and what is not found there waits for a person's decision."""
    from gateway.actions import restored

    settings = read_settings(folder)
    held, waiting = with_store(settings, _look)
    _tell(held, waiting)
    if held is None:
        return
    if not yes:
        click.confirm("Release the outbox?", abort=True)
    doubtful = with_store(settings, lambda store: store.write(restored.release, now()))
    if doubtful:
        click.echo(f"{doubtful} may have been sent since the backup: looked up, and not sent again by themselves.")
    click.echo("The outbox is released.")


async def _look(store: Store) -> tuple[Row | None, Sequence[Row]]:
    return await store.read(_waiting)


async def _waiting(tx: Tx) -> tuple[Row | None, Sequence[Row]]:
    from gateway.store import holds

    held = await holds.held(tx)
    return held, await holds.waiting(tx, held["backup_at"] if held else 0)


def _tell(held: Row | None, waiting: Sequence[Row]) -> None:
    from gateway.domain.instant import rfc3339

    if held is None:
        click.echo("The outbox is not held: what waits goes out when it is due.")
    else:
        times = (rfc3339(held[key])[:19].replace("T", " ") for key in ("since", "backup_at"))
        click.echo("The outbox is held since {} UTC, by a restore of a backup of {} UTC.".format(*times))
    for row in waiting:
        doubt = f" ({row['doubtful']} of them may have been sent since the backup)" if held else ""
        click.echo(f"{row['channel']}: {row['queued']} to be sent{doubt}, {row['unknown']} to be looked up")
    if not waiting:
        click.echo("Nothing waits.")
