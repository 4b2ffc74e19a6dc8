"""The demo: its company is founded once, holds under `verify`, looks alive at any hour, and stays on this machine."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any, Final

import aiohttp
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.app import open_gateway
from gateway.cli.company.diary import Diary
from gateway.cli.company.script import read_customers, read_people
from gateway.cli.demo import PASSWORD, PHONE, find_phone, open_company
from gateway.cli.proof import verify_chains
from gateway.domain.message import TeamId
from gateway.files.store import LocalFiles
from gateway.settings import Database, Overrides, Settings, load
from gateway.store.doorbell import Doorbell
from gateway.store.sqlite import open_sqlite
from gateway.store.store import Store, Tx, Value
from tests.gateway_process import TEAMLINE, free_port, run, until

CONFIG: Final = Path(__file__).parents[2] / "config"
FRONT, LAKES = TeamId("front-range"), TeamId("great-lakes")
MINUTE: Final = 60_000_000
BASE: Final = "/api/agent/v1"
HOURS: Final = [team.hours for team in load(CONFIG, {}).teams]
AWAY: Final = 'server = { listen = "127.0.0.1:0", public_url = "https://care.example.com" }\n'
"""A gateway.toml whose gateway others can reach."""


@pytest.fixture
def company(tmp_path: Path) -> Settings:
    """The shipped config, for a demo in a folder of its own."""
    database = Database(url=f"sqlite:///{tmp_path}/demo.db")
    return load(CONFIG, {}, Overrides(f"127.0.0.1:{free_port()}", database))


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Store]:
    """Its database, closed however the test ends."""
    store = await open_sqlite(settings.database.path, doorbell=Doorbell())
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
async def store(company: Settings) -> AsyncIterator[Store]:
    """Its database, founded."""
    async with opened(company) as store:
        await open_company(store, company, find_phone(company))
        yield store


async def rows(store: Store, query: str, *values: Value) -> list[tuple[Any, ...]]:
    async def ask(tx: Tx) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await tx.all(query, *values)]

    return await store.read(ask)


async def test_it_verifies(store: Store) -> None:
    """Every reply of the past counts as the demo's own, and was written under a session that has ended since."""
    tally = await verify_chains(store, LocalFiles(Path("no-files")), lambda done, total: None)
    replies = sum(line.verb == "replies" for customer in read_customers() for line in customer.talk)
    assert (0, 0, replies) == (tally.sessions, tally.tokens, tally.demo)
    assert [] == await rows(store, "SELECT id FROM credential WHERE revoked_at IS NULL")


async def test_deliveries_are_in_true_states(store: Store) -> None:
    """Nearly all were delivered; one failed and one is unknown, in words; none is left for the outbox to do."""
    states = Counter(state for (state,) in await rows(store, "SELECT state FROM delivery"))
    assert {"delivered", "sent", "failed", "unknown"} == set(states)
    assert (1, 1, 1) == (states["sent"], states["failed"], states["unknown"])
    assert [] == await rows(store, "SELECT id FROM delivery WHERE state IN ('failed', 'unknown') AND detail IS NULL")
    assert [] == await rows(store, "SELECT id FROM delivery WHERE due_at IS NOT NULL")


async def test_each_thread_is_its_teams(store: Store) -> None:
    """Every customer has one thread, which exactly their own team holds."""
    desks = {customer.number: (FRONT, LAKES)[customer.desk] for customer in read_customers()}
    held = await rows(
        store,
        """SELECT identity.address, reach.holder FROM reach JOIN line ON line.thread_id = reach.thread_id
             JOIN identity ON identity.id = line.identity_id""",
    )
    assert sorted((number, f"team:{team}") for number, team in desks.items()) == sorted(held)
    assert len(desks) == len(read_customers())


async def test_it_is_founded_once(store: Store, company: Settings) -> None:
    """Opened again, the company is as it was, and the same people can sign in."""
    tables = ("agent", "credential", "message", "event", "seen", "report")
    counts = [await rows(store, f"SELECT count(*) FROM {table}") for table in tables]
    accounts = await open_company(store, company, find_phone(company))
    assert counts == [await rows(store, f"SELECT count(*) FROM {table}") for table in tables]
    assert [(person.login, person.name, person.role) for person in read_people()] == [row[:3] for row in accounts]
    assert {"Front Range", "Great Lakes", "every team"} == {row.teams for row in accounts}


async def test_a_founding_that_fails_leaves_nothing(company: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one transaction: whoever starts the demo next founds the whole company."""
    async with opened(company) as store:
        with monkeypatch.context() as patch:
            patch.setattr("gateway.cli.company.founding.ENDINGS", {})
            with pytest.raises(KeyError):
                await open_company(store, company, find_phone(company))
        assert [(0,)] == await rows(store, "SELECT count(*) FROM agent")
        await open_company(store, company, find_phone(company))
        assert [(len(read_customers()),)] == await rows(store, "SELECT count(*) FROM thread")


async def test_founding_is_quick(company: Settings) -> None:
    """It takes well under a second of computing, so that a first start is a start."""
    async with opened(company) as store:
        begun = process_time()  # not the clock on the wall: other tests run beside this one
        await open_company(store, company, find_phone(company))
        assert process_time() - begun < 1


async def test_without_a_phone_there_are_people_only(tmp_path: Path) -> None:
    """Where no loopback channel is turned on nobody can have written; the accounts are there all the same."""
    settings = _folder(tmp_path, "# as it comes\n")
    async with opened(settings) as store:
        assert len(read_people()) == len(await open_company(store, settings, find_phone(settings)))
        assert [(0,)] == await rows(store, "SELECT count(*) FROM thread")


@example(datetime(2026, 4, 18, 20, 0, tzinfo=UTC))  # a Saturday in Denver, just after the lunch break
@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  bounds are naive
@settings(max_examples=40, deadline=None)
def test_it_is_alive_at_any_hour(now: datetime) -> None:
    """Whenever it starts: nothing lies ahead, talks go forward, people work in their hours, sessions outlast it all."""
    diaries = [Diary(hours, now) for hours in HOURS]
    for customer in read_customers():
        hours, times = HOURS[customer.desk], diaries[customer.desk].times(customer.talk)
        assert times == sorted(set(times))
        assert now - timedelta(days=30) < times[0] <= times[-1] <= now
        worked = [at for at, line in zip(times, customer.talk, strict=True) if not line.by_customer]
        assert [] == [at for at in worked if not hours.is_open(at)]


def test_numbers_are_fiction() -> None:
    """Every customer's number is of 555-0100 to 555-0199, and no two have the same."""
    numbers = [customer.number for customer in read_customers()]
    assert [] == [number for number in numbers if (number[:2], number[5:10]) != ("+1", "55501")]
    assert {12} == {len(number) for number in numbers}
    assert len(numbers) == len(set(numbers))
    assert PHONE in numbers


def test_whoever_acts_works_there() -> None:
    """People act for the customers of their own desk only, and whoever replies has been written to."""
    desks = {person.login: person.desk for person in read_people()}
    for customer in read_customers():
        assert customer.talk[0].by_customer
        assert {customer.desk} >= {desks[line.who] for line in customer.talk if not line.by_customer}


async def test_ana_sees_who_waits(company: Settings) -> None:
    """Signed in as the terminal says, Ana finds people who wait since minutes or hours, some of them with a colleague;
    and what she answers goes out."""
    jar = aiohttp.CookieJar(unsafe=True)  # keeps cookies of an address without a name
    async with (
        open_gateway(company, find_phone(company)) as gateway,
        aiohttp.ClientSession(gateway.url, cookie_jar=jar) as http,
    ):
        await open_company(gateway.store, company, find_phone(company))
        async with http.post(f"{BASE}/session", json={"login": "ana", "password": PASSWORD}) as answer:
            assert 200 == answer.status
        waiting = await _items(http, f"{BASE}/threads?view=waiting")
        ages = [datetime.now(UTC) - datetime.fromisoformat(row["waiting_since"]) for row in waiting]
        assert 5 < len(waiting) < 12
        assert timedelta(minutes=3) < min(ages) < timedelta(minutes=10)
        assert {"front-range"} == {row["team"] for row in waiting}
        assert 0 < len([row for row in waiting if "claimed_by" in row]) < len(waiting)
        assert all(row["unread"] for row in waiting)
        thread = waiting[-1]["id"]
        said, ours = {"body": "I am looking into it."}, {"Sec-Fetch-Site": "same-origin"}
        async with http.post(f"{BASE}/threads/{thread}/messages", json=said, headers=ours) as answer:
            assert 202 == answer.status
        await until(lambda: _went_out(http, thread))


async def _items(http: aiohttp.ClientSession, path: str) -> list[dict[str, Any]]:
    async with http.get(path) as answer:
        items: list[dict[str, Any]] = (await answer.json())["items"]
        return items


async def _went_out(http: aiohttp.ClientSession, thread: str) -> bool:
    newest = (await _items(http, f"{BASE}/threads/{thread}/messages"))[-1]
    return bool(newest["delivery"]["state"] == "sent")


async def test_the_terminal_says_where_to_look(tmp_path: Path) -> None:
    """The command prints the addresses, who can sign in and how, and which database to remove to start afresh."""
    shutil.copytree(CONFIG, tmp_path / "config")
    process = await asyncio.create_subprocess_exec(
        TEAMLINE, "demo", "--port", str(free_port()), cwd=tmp_path, stdout=-1, stderr=-1
    )
    assert process.stdout is not None
    said = b""
    while b"Ctrl+C" not in said:
        said += await asyncio.wait_for(process.stdout.readline(), 30) or pytest.fail("it ended")
    process.terminate()
    _, log = await process.communicate()
    words = said.decode()
    assert words.startswith("listening on http://127.0.0.1:")
    for part in ("/demo\n", "/console\n", "chloe    Chloe Nguyen   agent   Great Lakes", PASSWORD, "rm var/demo.db*"):
        assert part in words
    assert b"needs_restart" not in log
    assert 0 == process.returncode


def test_it_stays_on_this_machine(tmp_path: Path) -> None:
    """A config that others can reach runs neither the demo nor anything else on a database with its accounts."""
    _folder(tmp_path, AWAY)
    refused = run(tmp_path, "demo")
    assert (1, "") == (refused.code, refused.out)
    assert "for this machine only" in refused.err
    assert not (tmp_path / "var").exists()


async def test_its_accounts_serve_this_machine_only(tmp_path: Path) -> None:
    """`serve` refuses the demo's database once others could reach it."""
    settings = _folder(tmp_path, AWAY)
    async with opened(settings) as store:
        await open_company(store, settings, None)
    refused = await asyncio.to_thread(run, tmp_path, "serve")
    assert (1, "") == (refused.code, refused.out)
    assert "has the demo's accounts" in refused.err


def _folder(path: Path, gateway: str) -> Settings:
    """The shipped config with another gateway.toml and no phone, in a folder of its own."""
    shutil.copytree(CONFIG, path / "config")
    (path / "config/gateway.toml").write_text(gateway, encoding="utf-8")
    (path / "config/adapters/phone.toml").unlink()
    database = Database(url=f"sqlite:///{path}/var/teamline.db")
    return load(path / "config", {}, Overrides(database=database))
