"""The configuration changed while it runs, with real files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.errors import ConfigError, Fault, Unavailable
from gateway.settings import Database, Overrides, Settings, load, watch
from gateway.settings.watch import Watcher


class Taken:
    """What the gateway was told, in order."""

    def __init__(self) -> None:
        self.settings: asyncio.Queue[Settings] = asyncio.Queue()
        self.refusal: Exception | None = None
        self.refusals = 0

    async def __call__(self, settings: Settings) -> None:
        if self.refusal:
            self.refusals += 1
            raise self.refusal
        await self.settings.put(settings)

    async def next(self) -> Settings:
        return await asyncio.wait_for(self.settings.get(), 20)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  there is nothing to wait on: it looks from outside
            await asyncio.sleep(0.01)


@pytest.fixture
def taken() -> Taken:
    return Taken()


@pytest.fixture
async def watcher(folder: Path, environ: dict[str, str], taken: Taken) -> AsyncIterator[Watcher]:
    """At work on the folder."""
    watcher = Watcher(load(folder, environ), taken, environ)
    running = asyncio.create_task(watcher.run())
    yield watcher
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_change_is_picked_up(folder, write, files, watcher, taken) -> None:
    """A file that is replaced by a rename, as editors do, is a change, once and again."""
    for name in ("Big Water", "Bigger Water"):
        write("teams.toml", files["teams.toml"].replace("Great Lakes", name))
        new = await taken.next()
        assert name == new.teams.by_id["great-lakes"].name
        await until(lambda new=new: new is watcher.current)


async def test_a_file_may_be_written_in_place(folder, files, watcher, taken) -> None:
    """A file that is emptied and then written is never taken for an empty one."""
    (folder / "gateway.toml").write_text("")
    await watcher.reload()
    assert ["is empty"] == [fault.problem for fault in watcher.faults]
    (folder / "gateway.toml").write_text(files["gateway.toml"].replace("care", "help"))
    assert (await taken.next()).public_url == "https://help.example.com"


async def test_a_channel_comes_and_goes(folder, write, files, watcher, taken) -> None:
    """A new file is a new channel, and a removed one is none."""
    write("adapters/two.toml", files["adapters/sms.toml"].replace("+1303", "+1312"))
    assert ["sms", "two"] == list((await taken.next()).channels)
    (folder / "adapters/sms.toml").unlink()
    assert ["two"] == list((await taken.next()).channels)


async def test_a_fault_changes_nothing(folder, write, files, watcher, taken) -> None:
    """With a fault the old configuration stays, the fault is kept and logged once, until it is mended."""
    before = watcher.current
    fault = "config/adapters/sms.toml:0: adapter: is missing; name one of: broken, parrot, useless"
    with capture_logs() as logs:
        write("adapters/sms.toml", "#")
        await until(lambda: watcher.faults != ())
        watcher.trigger()
        await watcher.reload()
        write("adapters/sms.toml", files["adapters/sms.toml"])
        await until(lambda: watcher.faults == ())
    assert [
        {"event": "config.refused", "fault": fault, "log_level": "error"},
        {"event": "config.loaded", "version": before.version, "log_level": "info"},
    ] == logs
    assert before == watcher.current
    assert taken.settings.empty()


async def test_whoever_takes_it_may_refuse(folder, write, files, watcher, taken) -> None:
    """A channel that cannot be started is a fault like any other."""
    before = watcher.current
    fault = Fault("config/adapters/sms.toml", 0, "adapter", "cannot be started", "see its docs")
    taken.refusal = ConfigError((fault,))
    write("adapters/sms.toml", files["adapters/sms.toml"] + '"+13125550100" = "great-lakes"\n')
    await until(lambda: (fault,) == watcher.faults)
    assert before == watcher.current
    taken.refusal = None
    watcher.trigger()
    assert "+13125550100" in (await taken.next()).channels["sms"].config.numbers


async def test_a_database_that_is_busy_is_asked_again(folder, write, files, watcher, taken, monkeypatch) -> None:
    """What cannot be taken over now is tried again by itself, and until then admins see that it waits."""
    monkeypatch.setattr(watch, "RETRY_SECONDS", 0.01)
    before = watcher.current
    taken.refusal = Unavailable("the database is busy")
    with capture_logs() as logs:
        write("teams.toml", files["teams.toml"].replace("Great Lakes", "Big Water"))
        await until(lambda: taken.refusals >= 2)
        assert (watch.NOT_TAKEN,) == watcher.notices
        assert before == watcher.current
        taken.refusal = None
        assert "Big Water" == (await taken.next()).teams.by_id["great-lakes"].name
        await until(lambda: before != watcher.current)
    assert () == watcher.notices
    assert ["config.not_taken", "config.loaded"] == [line["event"] for line in logs]


async def test_a_bug_of_ours_ends_no_watch(folder, write, files, watcher, taken) -> None:
    """Whatever goes wrong in taking a config over, the next change is followed."""
    taken.refusal = RuntimeError("ours")
    with capture_logs() as logs:
        write("teams.toml", files["teams.toml"].replace("Great Lakes", "Big Water"))
        await until(lambda: (watch.NOT_TAKEN,) == watcher.notices)
        taken.refusal = None
        write("teams.toml", files["teams.toml"].replace("Great Lakes", "Bigger Water"))
        assert "Bigger Water" == (await taken.next()).teams.by_id["great-lakes"].name
    assert "config.reload_failed" in [line["event"] for line in logs]


async def test_what_the_database_says_of_it_is_noticed(folder, environ, taken) -> None:
    """What only the database can know of a folder is told at the start, once, and not taken for a need to restart."""

    async def remarks(settings: Settings) -> tuple[str, ...]:
        return (f"{len(settings.teams.by_id)} teams",)

    watcher = Watcher(load(folder, environ), taken, environ, remarks)
    with capture_logs() as logs:
        await watcher.reload()
        await watcher.reload()
    assert ("2 teams",) == watcher.notices
    assert [{"event": "config.noticed", "notice": "2 teams", "log_level": "warning"}] == logs


async def test_what_nobody_changed_is_not_put_off(folder, environ, taken, monkeypatch) -> None:
    """While the database is too busy to say anything of a config that is in use, nobody is told that it is not; it is
    asked again by itself."""
    monkeypatch.setattr(watch, "RETRY_SECONDS", 0.01)
    answers = iter([Unavailable("the database is slow"), Unavailable("the database is slow"), ("2 teams",)])

    async def remarks(_: Settings) -> tuple[str, ...]:
        answer = next(answers)
        if isinstance(answer, Unavailable):
            raise answer
        return answer

    watcher = Watcher(load(folder, environ), taken, environ, remarks)
    with capture_logs() as logs:
        running = asyncio.create_task(watcher.run())
        await until(lambda: watcher.notices != ())
        running.cancel()
    assert ("2 teams",) == watcher.notices
    assert ["config.noticed"] == [line["event"] for line in logs]


async def test_what_needs_a_restart_says_so(folder, write, files, environ, watcher, taken) -> None:
    """Addresses, database and files keep their values while the rest of the folder is taken over."""
    before = watcher.current
    server = 'listen = "127.0.0.1:9000"\noperator_listen = "127.0.0.1:9001"\n'
    storage = '[database]\nurl = "sqlite:///other.db"\n[files]\nurl = "file:///srv/files"\n'
    write("gateway.toml", f'[server]\npublic_url = "https://help.example.com"\n{server}{storage}')
    new = await taken.next()
    assert new.public_url == "https://help.example.com"
    kept = (new.listen, new.operator_listen, new.database, new.files)
    assert kept == (before.listen, before.operator_listen, before.database, before.files)
    keys = ("server.listen", "server.operator_listen", "database.url", "files.url")
    await until(lambda: watcher.notices == tuple(f"{key} has changed: it needs a restart" for key in keys))
    assert keys == watcher.needs_restart
    write("gateway.toml", files["gateway.toml"])
    await taken.next()
    await until(lambda: watcher.notices == watcher.needs_restart == ())


async def test_every_key_that_needs_a_restart_is_named(folder, write, environ, taken) -> None:
    """Of keys that changed together each is named, a secret in a file too; and all that a bucket had, when it goes."""
    keys = 'access_key_id = { file = "key" }\nsecret_access_key = { env = "PARROT_TOKEN" }\n'
    write("key", "k3y\n")
    write("gateway.toml", f'[files]\nurl = "s3://one/a"\nregion = "eu-central-1"\n{keys}')
    watcher = Watcher(load(folder, environ), taken, environ)
    write("key", "another\n")
    write("gateway.toml", f'[files]\nurl = "s3://one/b"\nregion = "us-east-1"\n{keys}')
    await watcher.reload()
    assert ("files.url", "files.region", "files.access_key_id") == watcher.needs_restart
    write("gateway.toml", '[files]\nurl = "file:///srv/files"\n')
    await watcher.reload()
    moved = ("files.url", "files.region", "files.access_key_id", "files.secret_access_key")
    assert moved == watcher.needs_restart


async def test_a_public_url_that_follows_listen_stays_with_it(folder, write, environ, taken) -> None:
    """A new address that needs a restart does not move the URL that was made from the old one."""
    write("gateway.toml", "[server]\n")
    watcher = Watcher(load(folder, environ), taken, environ)
    write("gateway.toml", 'server.listen = "127.0.0.1:9000"\n')
    await watcher.reload()
    assert watcher.current.public_url == "http://127.0.0.1:8080"
    assert watcher.notices == ("server.listen has changed: it needs a restart",)


async def test_what_a_command_overrides_needs_no_restart(folder, write, environ, taken) -> None:
    """What the command line overrides may change in the file without a word."""
    overrides = Overrides("127.0.0.1:1", Database(url="sqlite:///var/demo.db"))
    watcher = Watcher(load(folder, environ, overrides), taken, environ)
    write("gateway.toml", 'server.listen = "127.0.0.1:2"\ndatabase.url = "sqlite:///var/other.db"\n')
    await watcher.reload()
    assert watcher.notices == ()


async def test_a_secret_is_rotated(folder, write, taken) -> None:
    """A secret's file in the folder is watched; one elsewhere is read again at a SIGHUP."""
    write("token", "old")
    write("adapters/sms.toml", 'adapter = "parrot"\ntoken = { file = "token" }\n')
    watcher = Watcher(load(folder, {}), taken, {})
    running = asyncio.create_task(watcher.run())
    write("token", "new")
    assert (await taken.next()).channels["sms"].config.token.get_secret_value() == "new"
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_database_below_the_folder_is_no_change(folder, environ, watcher, taken) -> None:
    """Only the folder itself, its adapters and what lies beside a secret is looked at."""
    (folder / "var").mkdir()
    assert not watcher._matters(1, str(folder / "var/teamline.db-wal"))
    assert watcher._matters(1, str(folder.resolve() / "adapters/new.toml"))
    assert watcher._matters(1, str(folder / "..data"))
