"""`backup`: the database of one moment and the files it names, in one file, beside whoever serves them.

The file is in its place only when it is whole and on the disk. A file of a message that cannot be read is named, and
the exit code is 1: everything else is in the backup all the same.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import click

from gateway.cli.carrying import migrated, progress, reading, told
from gateway.cli.options import config_option, now, read_settings
from gateway.errors import Conflict

if TYPE_CHECKING:
    from gateway.files.store import FileStore
    from gateway.settings import Settings
    from gateway.store.backup.archive import Archive, Manifest
    from gateway.store.backup.layout import Table
    from gateway.store.backup.rows import Source

FETCHED_AT_ONCE: Final = 4
"""Files in the memory: the largest has 100 MB."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@config_option
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
def backup(file: Path, folder: Path, force: bool) -> None:
    """Write the database and its files to FILE, while the gateway runs."""
    settings = read_settings(folder)
    unread = asyncio.run(_back_up(settings, file, force))
    for hash_, why in unread:
        click.echo(f"not in the backup: file {hash_}: {why}", err=True)
    sys.exit(1 if unread else 0)


async def _back_up(settings: Settings, file: Path, force: bool) -> list[tuple[str, str]]:
    """The hashes of the files that could not be read, each with the reason."""
    from gateway.files.place import open_files
    from gateway.store.backup.archive import Archive
    from gateway.store.backup.layout import layout, newest

    unwritten = f"{file} cannot be written"
    with told(unwritten), _published(file, force) as draft:
        await migrated(settings)
        tables = layout(newest()["sqlite"])
        at = now()
        async with reading(settings, file) as source:
            hashes = await source.files()
            manifest = await _manifest(settings, source, tables, len(hashes), at)
            with told(unwritten):  # here, where the database would be blamed for it
                archive = Archive(draft, manifest)
            await _write_rows(archive, source, tables, sum(manifest.rows.values()), unwritten)
        unread = await _write_files(archive, open_files(settings.files), hashes)
        archive.close()
    click.echo(f"{file}: {sum(manifest.rows.values()):,} rows, {len(hashes) - len(unread):,} files")
    return unread


async def _manifest(settings: Settings, source: Source, tables: Sequence[Table], files: int, at: int) -> Manifest:
    from gateway.store.backup.archive import FORMAT, Manifest
    from gateway.store.backup.layout import newest

    return Manifest(
        format=FORMAT,
        teamline=version("teamline"),
        schema=newest(),
        engine=settings.database.engine,
        at=at,
        tables={table.name: dict(table.columns) for table in tables},
        rows={table.name: await source.count(table) for table in tables},
        files=files,
    )


async def _write_rows(archive: Archive, source: Source, tables: Sequence[Table], total: int, unwritten: str) -> None:
    with progress("rows", total) as more:
        for table in tables:
            async for rows in source.rows(table):
                with told(unwritten):
                    archive.add_rows(table, rows)
                more(len(rows))


async def _write_files(archive: Archive, files: FileStore, hashes: Sequence[str]) -> list[tuple[str, str]]:
    from gateway.files.store import path_of

    unread = list[tuple[str, str]]()
    with progress("files", len(hashes)) as more:
        async for hash_, found in _fetched(files, hashes):
            if isinstance(found, str):
                unread.append((hash_, found))
            else:
                archive.add_file(path_of(hash_), found)
            more(1)
    return unread


async def _fetched(files: FileStore, hashes: Sequence[str]) -> AsyncIterator[tuple[str, bytes | str]]:
    """The bytes of each, or in words why there are none."""
    for start in range(0, len(hashes), FETCHED_AT_ONCE):
        some = hashes[start : start + FETCHED_AT_ONCE]
        for hash_, found in zip(some, await asyncio.gather(*(_fetch(files, one) for one in some)), strict=True):
            yield hash_, found


async def _fetch(files: FileStore, hash_: str) -> bytes | str:
    from gateway.files.store import hash_of

    try:
        content = await files.get(hash_)
    except OSError as error:
        return error.strerror or type(error).__name__
    if content is None:
        return "it is not there"
    return content if hash_of(content) == hash_ else "its bytes are not those of its hash"


@contextmanager
def _published(file: Path, force: bool) -> Iterator[BinaryIO]:
    """A draft beside the file, for its owner only, which takes the file's name at the end and is gone otherwise."""
    _refuse_to_replace(file, force)
    partial = file.with_name(f"{file.name}.partial")
    with open(os.open(partial, os.O_CREAT | os.O_RDWR, 0o600), "r+b") as draft:  # noqa: PTH123  its mode
        try:
            fcntl.flock(draft, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Conflict(f"another backup to {file} is under way") from None
        try:
            draft.truncate()  # of one that was killed
            yield draft
            draft.flush()
            os.fsync(draft.fileno())
            _refuse_to_replace(file, force)
            partial.replace(file)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    folder = os.open(file.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _refuse_to_replace(file: Path, force: bool) -> None:
    if file.exists() and not force:
        raise Conflict(f"{file} is there already. Choose another name, or say --force")
