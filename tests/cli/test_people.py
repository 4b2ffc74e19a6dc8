"""`teamline agent` and `teamline token`: people come, change and go."""

from __future__ import annotations

from pathlib import Path

import pytest
from argon2 import PasswordHasher

from gateway.store.credentials import secret_hash
from tests.cli.conftest import Fill, Run
from tests.company import FRONT, Company
from tests.raw import rows

ANA = ("agent", "add", "--login", "ana", "--name", "Ana Ortiz", "--team", "front-range", "--password-file", "PASSWORD")


def test_a_person_is_added(run: Run, place: str) -> None:
    """A person is a row with a login, names, a role, teams, and a password that only its hash is kept of."""
    added = run(*ANA, "--role", "lead", "--team", "great-lakes")
    assert (0, "added ana\n") == (added.exit_code, added.stdout)
    expected = [("ana", "Ana Ortiz", "Ana", "lead")]
    assert expected == rows(place, "SELECT login, name, display_name, role FROM agent")
    assert [("front-range",), ("great-lakes",)] == rows(place, "SELECT team_id FROM agent_team ORDER BY team_id")
    ((hashed,),) = rows(place, "SELECT password_hash FROM agent")
    assert hashed.startswith("$argon2id$")
    assert PasswordHasher().verify(hashed, "correct horse battery")


def test_a_password_can_be_typed(run: Run, place: str) -> None:
    """Without a file the password is asked for twice, and never shown."""
    added = run(*ANA[:-2], "--display-name", "Dr. Ana", typed="a typed password\na typed password\n")
    assert 0 == added.exit_code
    assert "a typed password" not in added.output
    ((hashed, name),) = rows(place, "SELECT password_hash, display_name FROM agent")
    assert PasswordHasher().verify(hashed, "a typed password")
    assert "Dr. Ana" == name


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*ANA,), "the login ana is taken"),
        ((*ANA[:2], "--login", "ANA ", *ANA[4:]), "the login ana is taken"),
        ((*ANA[:2], "--login", "a b", *ANA[4:]), "a login has up to 64 letters, digits and . _ @ + -"),
        ((*ANA[:7], "nowhere", *ANA[8:]), "there is no team nowhere in teams.toml; there are front-range, great-lakes"),
        ((*ANA[:6], *ANA[8:]), "name at least one --team; only an admin needs none"),
        ((*ANA[:4], "--name", " \t", *ANA[6:]), "--name takes 1 to 80 printable characters"),
        ((*ANA[:4], "--name", "A\u202eB", *ANA[6:]), "--name takes 1 to 80 printable characters"),
        (("agent", "passwd", "--login", "bo", "--password-file", "PASSWORD"), "nobody here has the login bo"),
        (("agent", "disable", "--login", "bo"), "nobody here has the login bo"),
        (("agent", "teams", "--login", "bo"), "nobody here has the login bo"),
        (("agent", "teams", "--login", "bo", "--none"), "nobody here has the login bo"),
        (("agent", "teams", "--login", "ana", "--none", "--team", "front-range"), "give --team or --none, not both"),
        (("agent", "role", "--login", "bo", "--role", "lead"), "nobody here has the login bo"),
        (("agent", "enable", "--login", "bo"), "nobody here has the login bo"),
        (("token", "revoke", "--login", "bo", "--label", "x"), "nobody here has the login bo"),
        (("token", "revoke", "--login", "ana", "--label", "x"), "ana has no token with that label"),
        (("token", "revoke", "--id", "7"), "there is no token 7"),
        (("token", "revoke", "--login", "ana"), "say which: --login with --label, or the --id that `token list` shows"),
        (
            ("token", "revoke", "--id", "7", "--login", "ana"),
            "say which: --login with --label, or the --id that `token list` shows",
        ),
        (
            ("agent", "teams", "--login", "ana", "--team", "x"),
            "there is no team x in teams.toml; there are front-range, great-lakes",
        ),
        (("token", "create", "--login", "bo"), "nobody here has the login bo"),
        (("token", "create", "--login", "ana", "--label", "a\x00b"), "--label takes up to 80 printable characters"),
        (("token", "create", "--login", "ana", "--label", "\udcff"), "--label takes up to 80 printable characters"),
        (("token", "create", "--login", "ana", "--label", 81 * "x"), "--label takes up to 80 printable characters"),
    ],
)
def test_a_mistake_is_one_line(run: Run, words: tuple[str, ...], said: str) -> None:
    """What cannot be done is told in one line on stderr, with exit code 1."""
    run(*ANA)
    refused = run(*words)
    assert (1, f"teamline: {said}\n", "") == (refused.exit_code, refused.stderr, refused.stdout)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"short", "a password has at least 12 characters"),
        (b"", "a password has at least 12 characters"),
        (b"\nsecond line counts not", "a password has at least 12 characters"),
        (b"\xff\xfe not text \xff\xff", "the password file is not UTF-8"),
    ],
)
def test_a_bad_password_file_is_one_line(run: Run, config: Path, content: bytes, said: str) -> None:
    """A password that is too short, or a file that is not text, is told without repeating it."""
    (config.parent / "password").write_bytes(content)
    refused = run(*ANA)
    assert (1, f"teamline: {said}\n") == (refused.exit_code, refused.stderr)


def test_everyone_is_listed(run: Run) -> None:
    """The list has everyone by login, with role and teams, and says who is disabled."""
    run(*ANA)
    run("agent", "add", "--login", "dana", "--name", "Dana Fields", "--role", "admin", "--password-file", "PASSWORD")
    run("agent", "disable", "--login", "dana")
    listed = run("agent", "list")
    assert 0 == listed.exit_code
    ana, dana = (line for line in listed.stdout.splitlines() if "ana" in line)
    assert all(word in ana for word in ("Ana Ortiz", "agent", "front-range"))
    assert all(word in dana for word in ("Dana Fields", "admin", "disabled"))


def test_a_person_changes_teams(run: Run, place: str) -> None:
    """A person is in exactly the teams that were named, and open streams are told."""
    run(*ANA)
    changed = run("agent", "teams", "--login", "ana", "--team", "great-lakes")
    assert (0, "ana: great-lakes\n") == (changed.exit_code, changed.stdout)
    assert [("great-lakes",)] == rows(place, "SELECT team_id FROM agent_team")
    assert "ana: great-lakes\n" == run("agent", "teams", "--login", "ana").stdout
    assert [("great-lakes",)] == rows(place, "SELECT team_id FROM agent_team")
    assert "ana: no team\n" == run("agent", "teams", "--login", "ana", "--none").stdout
    assert [] == rows(place, "SELECT team_id FROM agent_team")
    assert "ana: no team\n" == run("agent", "teams", "--login", "ana").stdout


def test_a_person_changes_roles(run: Run, place: str) -> None:
    """Another role is another reach, so that open streams start anew."""
    run(*ANA)
    query = "SELECT role, reach_version FROM agent"
    ((_, before),) = rows(place, query)
    changed = run("agent", "role", "--login", "ana", "--role", "lead")
    assert (0, "ana: lead\n") == (changed.exit_code, changed.stdout)
    assert [("lead", before + 1)] == rows(place, query)


def test_a_person_comes_back(run: Run, place: str) -> None:
    """Who was disabled may sign in again; the tokens from before stay ended."""
    run(*ANA)
    run("token", "create", "--login", "ana")
    run("agent", "disable", "--login", "ana")
    query = "SELECT disabled_at IS NULL, reach_version FROM agent"
    ((_, before),) = rows(place, query)
    enabled = run("agent", "enable", "--login", "ana")
    assert (0, "enabled ana; they sign in with their password, and need new tokens\n") == (
        enabled.exit_code,
        enabled.stdout,
    )
    assert [(1, before + 1)] == rows(place, query)
    assert [(0,)] == rows(place, "SELECT revoked_at IS NULL FROM credential")
    assert "teamline: ana is not disabled\n" == run("agent", "enable", "--login", "ana").stderr


def test_a_new_password_ends_sessions_and_no_tokens(run: Run, place: str, fill: Fill) -> None:
    """After a change of password every session of that person is over, and their tokens are not."""

    async def work(company: Company) -> None:
        ana = await company.hire("ana", FRONT)
        await company.token(ana, may_reply=True)
        await company.hire("ben", FRONT)

    run("migrate")
    fill(work)
    assert 0 == run("agent", "passwd", "--login", "ana", "--password-file", "PASSWORD").exit_code
    query = "SELECT login, kind, revoked_at IS NULL FROM credential JOIN agent ON agent.id = agent_id ORDER BY 1, 2"
    assert [("ana", "session", 0), ("ana", "token", 1), ("ben", "session", 1)] == rows(place, query)
    run("agent", "disable", "--login", "ana")
    assert [("ana", "session", 0), ("ana", "token", 0), ("ben", "session", 1)] == rows(place, query)
    assert "teamline: nobody here has the login ana\n" == run("token", "create", "--login", "ana").stderr


@pytest.mark.parametrize("flags", [(), ("--may-reply", "--label", "nightly")])
def test_a_token_is_shown_once_as_the_last_line(run: Run, place: str, flags: tuple[str, ...]) -> None:
    """The last line is the token; only its hash is kept, with its label and whether it may reply."""
    run(*ANA)
    made = run("token", "create", "--login", "ana", *flags)
    token = made.stdout.splitlines()[-1]
    assert token.startswith("tlp_")
    expected = [(secret_hash(token), "token", "nightly" if flags else "", int(bool(flags)))]
    assert expected == rows(place, "SELECT secret_hash, kind, label, may_reply FROM credential")


def test_tokens_are_listed(run: Run) -> None:
    """The list has every token that is good, with its id, and with a login that person's only."""
    run(*ANA)
    run("agent", "add", "--login", "ben", "--name", "Ben", "--role", "admin", "--password-file", "PASSWORD")
    for login in ("ana", "ben"):
        run("token", "create", "--login", login, "--label", f"for {login}", "--may-reply")
    both, one = run("token", "list"), run("token", "list", "--login", "ben")
    assert (0, 0) == (both.exit_code, one.exit_code)
    assert "for ana" in both.stdout
    assert "for ben" in both.stdout
    assert "for ana" not in one.stdout
    (row,) = (line.split() for line in one.stdout.splitlines() if "for ben" in line)
    assert "2" in row


@pytest.mark.parametrize("which", [("--login", "ana", "--label", "lost"), ("--id", "2")])
def test_a_token_is_revoked(run: Run, place: str, which: tuple[str, ...]) -> None:
    """A token ends by its label or its id, and no other does."""
    run(*ANA)
    for label in ("kept", "lost"):
        run("token", "create", "--login", "ana", "--label", label)
    revoked = run("token", "revoke", *which)
    assert (0, "revoked 1 token\n") == (revoked.exit_code, revoked.stdout)
    assert [("kept", 1), ("lost", 0)] == rows(place, "SELECT label, revoked_at IS NULL FROM credential ORDER BY 1")
    assert 1 == run("token", "revoke", *which).exit_code
