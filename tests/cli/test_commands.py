"""`check`, `migrate`, and how every command tells of an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.store import status
from gateway.store.migrate import migrations
from tests.cli.conftest import Fill, Run
from tests.company import Company
from tests.engines import drop
from tests.raw import empty

MIGRATIONS = {"sqlite": "sqlite", "postgresql": "postgres"}

SMS = """
adapter = "twilio_sms"
account_sid = "AC00000000000000000000000000000000"
auth_token = { env = "NO_SUCH_SECRET" }
numbers = { "+13035550100" = "front-range" }
"""


def test_a_valid_folder_passes(run: Run, config: Path) -> None:
    """`check` says what it found, with exit code 0."""
    checked = run("check", str(config))
    assert 0 == checked.exit_code
    assert checked.stdout.startswith(f"{config}: valid, version ")
    assert checked.stdout.endswith("; teams: 2; channels turned on: 0\n")


def test_every_fault_is_a_line(run: Run, config: Path) -> None:
    """`check` names all faults of the folder in one pass, one a line, with exit code 1."""
    (config / "gateway.toml").write_text("[server]\nlisten = 8080\nlisen = 1\n", encoding="utf-8")
    (config / "teams.toml").write_text("", encoding="utf-8")
    checked = run("check", str(config))
    assert (1, "") == (checked.exit_code, checked.stderr)
    lines = checked.stdout.splitlines()
    assert len(lines) >= 3
    assert all(line.startswith(str(config)) for line in lines)


@pytest.mark.parametrize(
    "words",
    [
        ("migrate",),
        ("verify",),
        ("agent", "list"),
        ("agent", "disable", "--login", "ana"),
        ("token", "create", "--login", "ana"),
    ],
)
def test_no_command_goes_on_with_a_faulty_folder(run: Run, config: Path, words: tuple[str, ...]) -> None:
    """Every command refuses a folder with faults before it touches the database."""
    (config / "teams.toml").unlink()
    refused = run(*words)
    assert 1 == refused.exit_code
    assert refused.stderr.startswith(str(config))
    assert not (config.parent / "teamline.db").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("migrate",),
        ("verify",),
        ("status",),
        ("agent", "list"),
        ("agent", "disable", "--login", "ana"),
        ("token", "create", "--login", "ana"),
        ("token", "list"),
    ],
)
def test_who_works_on_the_database_needs_no_channels_secret(run: Run, config: Path, words: tuple[str, ...]) -> None:
    """In an emergency a person is disabled from any shell; only what serves, or checks, asks for secrets."""
    run("agent", "add", "--login", "ana", "--name", "Ana", "--role", "admin", "--password-file", "PASSWORD")
    (config / "adapters").mkdir()
    (config / "adapters/sms.toml").write_text(SMS, encoding="utf-8")
    assert 0 == run(*words).exit_code
    assert "NO_SUCH_SECRET is not set" in run("check", str(config)).stdout


def test_migrate_brings_the_schema_up(run: Run, engine: str, place: str) -> None:
    """`migrate` makes the tables and says their version; again it changes nothing."""
    empty(place)
    newest = max(migration.version for migration in migrations(MIGRATIONS[engine]))
    first, again = run("migrate"), run("migrate")
    assert (0, f"{place.removeprefix('sqlite:///')}: schema version {newest}\n") == (first.exit_code, first.stdout)
    assert first.stdout == again.stdout


@pytest.mark.parametrize("words", [("migrate",), ("verify",), ("agent", "list")])
def test_what_is_no_database_is_one_line(run: Run, config: Path, words: tuple[str, ...]) -> None:
    """A file that is not a database, or a server that has none of that name, is told in one line, with exit code 1."""
    (config.parent / "teamline.db").write_bytes(b"not a database at all, but long enough to look at" * 40)
    drop(config.parent)
    refused = run(*words)
    assert 1 == refused.exit_code
    assert refused.stderr.startswith("teamline: ")
    assert 1 == len(refused.stderr.splitlines())


def test_status_without_a_database(run: Run, config: Path) -> None:
    """With no database either, `status` says so in one line, and makes none."""
    drop(config.parent)
    refused = run("status")
    assert (1, 1) == (refused.exit_code, len(refused.stderr.splitlines()))
    assert not (config.parent / "teamline.db").exists()


def test_status_without_a_gateway(run: Run) -> None:
    """With nothing listening, `status` tells what the database knows, and says which it is."""
    run("migrate")
    told = run("status")
    assert 0 == told.exit_code
    assert told.stdout.startswith("Teamline is not running; this is what the database knows. Config ")


def test_status_tells_of_our_own_set_up(run: Run, fill: Fill) -> None:
    """`status` has the errors of our own set-up as providers named them, each on a line, with nothing listening too."""
    detail = "Not [registered]" + 30 * " for this campaign" + "."

    async def write(company: Company) -> None:
        for at in (0, company.clock()):
            await company.store.write(status.keep_misconfiguration, "sms", "30034", detail, at)

    fill(write)
    expected = f"sms: our own set-up: 30034 {detail} (2 times, last 2026-11-22T09:00:00)"
    assert expected in run("status").stdout.splitlines()
