"""Event numbers have no gap and no double, and the chain of signatures has no loose link, whoever writes at once."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.domain.chain import START, link_hash
from gateway.domain.message import MessageId, TeamId
from gateway.errors import Misuse, NotFound
from gateway.store.store import Row, Store, Tx
from tests.engines import address
from tests.store.marks import add_teams, log_event

ROOT = Path(__file__).parents[2]

NEIGHBOR = """
import asyncio, pathlib, sys
from gateway.store.doorbell import Doorbell
from gateway.store.open import open_store
from tests.store.marks import log_event

async def main():
    place = sys.argv[1] if "://" in sys.argv[1] else pathlib.Path(sys.argv[1])
    store = await open_store(place, Doorbell(), serving=False)
    print("open", flush=True)
    for _ in range(100):
        await store.write(log_event, "a", "b")
    await store.close()

asyncio.run(main())
"""


async def numbers(tx: Tx) -> dict[str, list[int]]:
    """Of each team's events, in order."""
    found: dict[str, list[int]] = {}
    for row in await tx.all("SELECT team_id, seq FROM event ORDER BY team_id, seq"):
        found.setdefault(row["team_id"], []).append(row["seq"])
    return found


async def heads(tx: Tx) -> list[tuple[str, int]]:
    return [(row["id"], row["event_seq"]) for row in await tx.all("SELECT id, event_seq FROM team ORDER BY id")]


def upto(count: int) -> list[int]:
    return list(range(1, count + 1))


async def test_event(store: Store) -> None:
    """An event is kept as compact JSON under its team's next number."""
    await store.write(add_teams, "a")
    await store.write(log_event, "a")

    async def only(tx: Tx) -> Row | None:
        return await tx.one("SELECT team_id, seq, thread_id, kind, at, data FROM event")

    row = await store.read(only)
    assert row is not None
    assert ("a", 1, None, "message.received", 7) == tuple(row)[:5]
    assert {"name": "Zoë"} == json.loads(row["data"])
    assert " " not in row["data"]


async def test_no_gap(store: Store) -> None:
    """Many writers over several teams, some of whom fail: every team counts 1, 2, 3 ... to its head."""
    await store.write(add_teams, "a", "b", "c")

    async def log_each(tx: Tx, teams: Sequence[str]) -> list[None]:
        await log_event(tx, *teams)
        return [None for _ in teams]

    async def fails(tx: Tx) -> None:
        await log_event(tx, "a", "b")
        raise NotFound

    for _ in range(5):
        await asyncio.gather(
            *(store.write(log_event, "b", "a", "b") for _ in range(20)),
            *(store.write(fails) for _ in range(20)),
            *(store.write_each(log_each, "c") for _ in range(20)),
            return_exceptions=True,
        )
    assert {"a": upto(100), "b": upto(200), "c": upto(100)} == await store.read(numbers)
    assert [("a", 100), ("b", 200), ("c", 100)] == await store.read(heads)


async def test_two_processes(store: Store, engine: str, tmp_path: Path) -> None:
    """A second process writes beside the serving one, and both count together."""
    await store.write(add_teams, "a", "b")
    place = str(tmp_path / "teamline.db") if engine == "sqlite" else await address(tmp_path)
    neighbor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", NEIGHBOR, place, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert neighbor.stdout is not None
    assert b"open\n" == await neighbor.stdout.readline()
    for _ in range(100):
        await store.write(log_event, "b", "a")
    assert b"" == (await neighbor.communicate())[0]
    assert 0 == neighbor.returncode
    assert {"a": upto(200), "b": upto(200)} == await store.read(numbers)


async def test_unknown_team(store: Store) -> None:
    """An event for a team that is not there is our bug, and takes no other action with it."""
    await store.write(add_teams, "a")
    results = await asyncio.gather(
        store.write(log_event, "a"), store.write(log_event, "nobody"), return_exceptions=True
    )
    assert [type(None), Misuse] == [type(result) for result in results]
    assert {"a": [1]} == await store.read(numbers)


async def people(tx: Tx) -> None:
    """One agent with a session, one customer with a thread in each of two teams."""
    await add_teams(tx, "a", "b")
    await tx.run(
        "INSERT INTO agent (id, login, name, display_name, role, created_at) "
        "VALUES (1, 'kim', 'Kim', 'Kim', 'agent', 0)"
    )
    await tx.run(
        "INSERT INTO credential (id, agent_id, kind, secret_hash, may_reply, created_at) "
        "VALUES (1, 1, 'session', ?1, 1, 0)",
        b"secret",
    )
    await tx.run("INSERT INTO customer (id, team_id, created_at) VALUES (1, 'a', 0)")
    await tx.run(
        "INSERT INTO identity (id, customer_id, kind, address, created_at) VALUES (1, 1, 'sms', '+13035550100', 0)"
    )
    await tx.run("INSERT INTO thread (id, customer_id, team_id, created_at) VALUES (1, 1, 'a', 0), (2, 1, 'b', 0)")
    await tx.run(
        "INSERT INTO line (id, identity_id, channel, endpoint, thread_id, created_at) "
        "VALUES (1, 1, 'sms', '+1', 1, 0), (2, 1, 'sms', '+2', 2, 0)"
    )


async def say(tx: Tx, *teams: str) -> None:
    for team in teams:
        row = await tx.one(
            "INSERT INTO message (team_id, thread_id, direction, identity_id, line_id, channel, agent_id, "
            "credential_id, body, salt, at) VALUES (?1, ?2, 'out', 1, ?2, 'sms', 1, 1, 'On my way.', ?3, 0) "
            "RETURNING id",
            team,
            1 if team == "a" else 2,
            b"salt",
        )
        assert row is not None
        tx.sign(TeamId(team), MessageId(row["id"]), 1, 1, b"digest of %d" % row["id"])
        await log_event(tx, team)


async def links(tx: Tx, team: str) -> Sequence[Row]:
    return await tx.all(
        "SELECT seq, message_id, agent_id, credential_id, digest, prev, hash FROM authorship WHERE team_id = ?1 "
        "ORDER BY seq",
        team,
    )


async def head(tx: Tx, team: str) -> tuple[int, bytes]:
    row = await tx.one("SELECT chain_seq, chain_hash FROM team WHERE id = ?1", team)
    assert row is not None
    return row["chain_seq"], row["chain_hash"]


@pytest.mark.parametrize(("team", "count"), [("a", 40), ("b", 60)])
async def test_chain(store: Store, team: str, count: int) -> None:
    """Each link holds the hash of the one before, and the team's row the last one's."""
    await store.write(people)
    await asyncio.gather(
        *(store.write(say, "b", "a", "b") for _ in range(20)), *(store.write(say, "a") for _ in range(20))
    )
    await store.write(say, *"b" * 20)
    prev = START
    chain = await store.read(links, team)
    for seq, link in enumerate(chain, 1):
        assert (seq, prev) == (link["seq"], link["prev"])
        prev = link_hash(prev, team, seq, link["message_id"], 1, 1, b"digest of %d" % link["message_id"])
        assert prev == link["hash"]
    assert (count, prev) == await store.read(head, team)
    assert {"a": upto(40), "b": upto(60)} == await store.read(numbers)
