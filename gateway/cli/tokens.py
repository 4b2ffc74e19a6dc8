"""`token`: what lets a program act for one person. A token is shown once, listed without its secret, and revoked."""

from __future__ import annotations

import secrets
import sys
from functools import partial
from pathlib import Path

import click

from gateway.cli.options import config_option, login_name, login_option, now, read_settings, with_store
from gateway.errors import Invalid

LONGEST_LABEL = 80


@click.group()
def token() -> None:
    """Personal access tokens, for programs that act for one person."""


@token.command()
@config_option
@login_option
@click.option("--label", default="", help="What it is for.")
@click.option("--may-reply", is_flag=True, help="Replies under it are marked as sent via a token.")
def create(folder: Path, login: str, label: str, may_reply: bool) -> None:
    """Make a token and print it, once, as the last line."""
    from gateway.actions.people import add_token
    from gateway.store.credentials import secret_hash

    if len(label) > LONGEST_LABEL or not label.isprintable():
        raise Invalid(f"--label takes up to {LONGEST_LABEL} printable characters")
    secret = f"tlp_{secrets.token_urlsafe(32)}"
    hashed = secret_hash(secret)
    with_store(
        read_settings(folder), lambda store: store.write(add_token, login_name(login), label, may_reply, hashed, now())
    )
    click.echo("This is shown once. Whoever has it acts as that person.")
    click.echo(secret)


@token.command("list")
@config_option
@click.option("--login", help="Of this person only.")
def list_(folder: Path, login: str | None) -> None:
    """The tokens that are good."""
    from rich.console import Console
    from rich.table import Table

    from gateway.actions.people import list_tokens
    from gateway.domain.instant import rfc3339

    whose = login_name(login) if login is not None else None
    table = Table("id", "login", "label", "may reply", "made")
    for row in with_store(read_settings(folder), lambda store: store.read(list_tokens, whose)):
        may_reply = "yes" if row["may_reply"] else "no"
        table.add_row(str(row["id"]), row["login"], row["label"], may_reply, rfc3339(row["created_at"])[:10])
    Console(width=None if sys.stdout.isatty() else 160).print(table)


@token.command()
@config_option
@click.option("--login", help="Whose it is.")
@click.option("--label", help="What it was made for; all of that label end.")
@click.option("--id", "number", type=click.IntRange(1), help="Instead of both: its id, as `token list` shows it.")
def revoke(folder: Path, login: str | None, label: str | None, number: int | None) -> None:
    """End a token at once, also on streams that are open. What was written under it stays."""
    from gateway.actions.people import revoke_labelled, revoke_token

    if number is not None and login is None and label is None:
        end = partial(revoke_token, token=number)
    elif number is None and login is not None and label is not None:
        end = partial(revoke_labelled, login=login_name(login), label=label)
    else:
        raise Invalid("say which: --login with --label, or the --id that `token list` shows")
    ended = with_store(read_settings(folder), lambda store: store.write(end, now=now()))
    click.echo(f"revoked {ended} token{'s' if ended > 1 else ''}")
