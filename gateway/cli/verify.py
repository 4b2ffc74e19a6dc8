"""`verify`: the authorship of every outbound message, told row by row if one does not hold."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway.cli.options import config_option, read_settings, with_store


@click.command()
@config_option
def verify(folder: Path) -> None:
    """Check author, evidence and references of every outbound row, and each team's hash chain. Exit code 1 and the
    first broken row otherwise."""
    from rich.console import Console
    from rich.progress import Progress

    from gateway.cli.proof import Broken, Tally, verify_chains
    from gateway.files.place import open_files
    from gateway.store.store import Store

    async def run(store: Store) -> Tally:
        with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
            task = progress.add_task("verifying", total=None)
            files = open_files(settings.files)
            return await verify_chains(
                store, files, lambda done, total: progress.update(task, completed=done, total=total)
            )

    settings = read_settings(folder)
    try:
        tally = with_store(settings, run)
    except Broken as broken:
        click.echo(f"broken: {broken}")
        sys.exit(1)
    for team, (links, head) in tally.heads.items():
        click.echo(f"{team}: {links} links, head {head[:16] or '-'}")
    written = tally.sessions + tally.tokens + tally.demo
    demo = f", {tally.demo} of the demo" if tally.demo else ""
    click.echo(
        f"verified: {written} outbound messages, {tally.sessions} under a session, {tally.tokens} via token{demo}"
    )
