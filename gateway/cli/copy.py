"""`copy`: everything from SQLite into an empty PostgreSQL database, and the proof that it is the same.

The source is only read, and nobody may serve it meanwhile. The copy is there as a whole or not at all.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.carrying import Progress, migrated, progress
from gateway.cli.options import config_option, read_settings
from gateway.errors import Conflict, Invalid

if TYPE_CHECKING:
    from gateway.cli.proof import Tally
    from gateway.files.place import Place
    from gateway.settings import Settings
    from gateway.settings.storage import Database
    from gateway.store.backup.layout import Table
    from gateway.store.backup.postgres import PostgresTarget
    from gateway.store.backup.rows import Digest, Source


@click.command()
@config_option
@click.option("--to", "url", required=True, metavar="URL", help="postgresql://user@host:port/database, which is empty.")
@click.option(
    "--password-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The database's password; else $PGPASSWORD or ~/.pgpass.",
)
def copy(folder: Path, url: str, password_file: Path | None) -> None:
    """Copy a SQLite database into an empty PostgreSQL database, and compare every row. The gateway must be stopped."""
    from gateway.cli.proof import Broken

    settings = read_settings(folder)
    if settings.database.engine != "sqlite":
        raise Conflict(f"{settings.database.name} is in PostgreSQL already: copy goes there from SQLite only")
    to = _database(url, password_file)
    try:
        counts, tally = asyncio.run(_copy_and_verify(settings, to))
    except Broken as broken:
        click.echo(f"copied, row by row; but as in the source, the proof of authorship is broken: {broken}")
        sys.exit(1)
    click.echo(f"{to.name}: {sum(counts.values()):,} rows in {len(counts)} tables, each the same as in the source")
    click.echo(f"verified: {tally.sessions + tally.tokens + tally.demo} outbound messages")
    click.echo("Now say in gateway.toml, and start the gateway:\n")
    for line in _config(to, settings.files, password_file):
        click.echo(f"  {line}")


def _database(url: str, password_file: Path | None) -> Database:
    """Raises Invalid."""
    from pydantic import SecretStr, ValidationError

    from gateway.settings.storage import BESIDE_IT, POSTGRES_EXAMPLE, Database

    if url.partition(":")[0] not in {"postgresql", "postgres"}:
        raise Invalid(f"--to names no PostgreSQL database; {POSTGRES_EXAMPLE}")
    try:
        to = Database(url=url)
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise Invalid(f"--to {said.replace(BESIDE_IT, 'write it into a file for --password-file')}") from None
    if password_file is None:
        return to
    try:
        password = password_file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        raise Invalid(f"{password_file} cannot be read as text") from None
    return to.model_copy(update={"password": SecretStr(password)})


async def _copy_and_verify(settings: Settings, to: Database) -> tuple[dict[str, int], Tally]:
    from gateway.cli.proof import verify_chains
    from gateway.files.place import open_files
    from gateway.store.backup import sqlite
    from gateway.store.doorbell import Doorbell
    from gateway.store.open import open_store
    from gateway.store.serving import only_server

    path = settings.database.path
    with only_server(path):
        await migrated(settings)
        async with sqlite.source(path) as source:
            counts = await _copy(source, to)
    store = await open_store(to.place, Doorbell(), serving=False)
    try:
        with progress("verifying") as more:
            return counts, await verify_chains(store, open_files(settings.files), lambda _done, _total: more(1))
    finally:
        await store.close()


async def _copy(source: Source, to: Database) -> dict[str, int]:
    """How many rows of each table, all compared before anybody sees them."""
    from gateway.store.backup import postgres
    from gateway.store.backup.layout import layout, newest
    from gateway.store.backup.rows import digest

    tables = layout(newest()["sqlite"])
    total = sum([await source.count(table) for table in tables])
    async with postgres.target(to.dsn, newest()["postgres"], to.name) as target:
        with progress("rows", total) as more:
            copied = {table.name: await _carry(source, target, table, more) for table in tables}
        with progress("comparing", len(tables)) as more:
            for table in tables:
                if await digest(target, table) != copied[table.name]:
                    raise Invalid(f"the copy of {table.name} is another than the source. Nothing was kept of it.")
                more(1)
        await target.publish()
    return {name: read.count for name, read in copied.items()}


async def _carry(source: Source, target: PostgresTarget, table: Table, more: Progress) -> Digest:
    from gateway.store.backup.rows import Digest

    read = Digest(table)
    async for rows in source.rows(table):
        await target.add(table, rows)
        read.add(rows)
        more(len(rows))
    return read


def _config(to: Database, files: Place, password_file: Path | None) -> list[str]:
    where = f"file://{files.resolve()}" if isinstance(files, Path) else files.url
    password = [f'password = {{ file = "{password_file.resolve()}" }}'] if password_file else []
    return ["[database]", f'url = "{to.url}"', *password, "[files]", f'url = "{where}"']
