"""The `teamline` command. Each subcommand imports what it needs when it runs, so that none makes another slow."""

from __future__ import annotations

import click

from gateway.cli.backup import backup
from gateway.cli.copy import copy
from gateway.cli.demo import demo
from gateway.cli.options import Commands
from gateway.cli.outbox import outbox
from gateway.cli.people import agent
from gateway.cli.restore import restore
from gateway.cli.serve import check, migrate, serve
from gateway.cli.status import status
from gateway.cli.tokens import token
from gateway.cli.verify import verify


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="teamline", prog_name="teamline")
def main() -> None:
    """The messaging gateway in which people answer. Start with `teamline demo`."""


for command in (serve, check, demo, migrate, agent, token, status, verify, backup, restore, copy, outbox):
    main.add_command(command)
