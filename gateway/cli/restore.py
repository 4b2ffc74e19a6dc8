"""`restore`: a backup into the empty place that the config names, on either engine.

Nothing is believed before the whole backup was compared with its hashes, and nothing is seen before all of it is there.
Then the outbox is held: what was sent since the backup is not known, so a person decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.carrying import filling, progress, told
from gateway.cli.options import config_option, now, read_settings
from gateway.errors import Conflict

if TYPE_CHECKING:
    from gateway.files.store import FileStore
    from gateway.settings import Settings
    from gateway.store.backup.archive import Backup
    from gateway.store.backup.rows import Target


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@config_option
def restore(file: Path, folder: Path) -> None:
    """Bring a backup back into the empty database and the empty files folder that the config names. Nothing is sent
    until `teamline outbox release`."""
    from gateway.domain.instant import rfc3339
    from gateway.store.backup.archive import check

    settings = read_settings(folder)
    with progress("comparing with its hashes"):
        saved = check(file)
    asyncio.run(_restore(settings, saved))
    manifest = saved.manifest
    rows, files = sum(manifest.rows.values()), len(saved.files)
    click.echo(f"{settings.database.name}: {rows:,} rows, {files:,} files, as of {rfc3339(manifest.at)[:19]}Z")
    if manifest.files > files:
        click.echo(f"{manifest.files - files:,} files were missing already when the backup was made")
    click.echo(
        "Nobody is signed in. Look at `teamline agent list` and `token list`: what was taken away since is back."
    )
    click.echo("The outbox is held. See `teamline outbox show`, then `teamline outbox release`.")


async def _restore(settings: Settings, saved: Backup) -> None:
    from gateway.actions.restored import restored
    from gateway.files.place import open_files

    async with AsyncExitStack() as stack:
        if settings.database.engine == "sqlite":
            from gateway.store.serving import only_server

            stack.enter_context(told(f"the database {settings.database.name} cannot be written"))
            stack.enter_context(only_server(settings.database.path))
        target = await stack.enter_async_context(filling(settings, saved.manifest.schema))
        await _fill(target, saved)
        await target.migrate()
        await target.run(restored, saved.manifest.at, now())
        async with _put(open_files(settings.files), saved):
            await target.publish()


async def _fill(target: Target, saved: Backup) -> None:
    with progress("rows", sum(saved.manifest.rows.values())) as more:
        for table, rows in saved.rows():
            await target.add(table, rows)
            more(len(rows))


@asynccontextmanager
async def _put(files: FileStore, saved: Backup) -> AsyncIterator[None]:
    """The backup's files, for as long as nothing fails. Those that were there already, as after a restore that was
    killed, stay. Raises Conflict where there are others."""
    put = list[str]()
    with told("the files cannot be written"):
        before = await _before(files, saved)
        try:
            with progress("files", len(saved.files)) as more:
                for path, content in saved.contents():
                    hash_ = path.rpartition("/")[2]
                    if hash_ not in before:
                        put.append(hash_)
                        await files.put(content)
                    more(1)
            yield
        except BaseException:
            for hash_ in put:
                await files.delete(hash_)
            raise


async def _before(files: FileStore, saved: Backup) -> set[str]:
    from gateway.files.store import path_of

    before = {hash_ async for hash_ in files.hashes()}
    others = sum(path_of(hash_) not in saved.files for hash_ in before)
    if others:
        raise Conflict(f"the place for files is not empty: {others:,} files in it are not in the backup")
    return before
