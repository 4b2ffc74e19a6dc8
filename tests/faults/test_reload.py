"""The config changes while texts pour in: nothing is dropped, and a broken folder changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.faults.desk import Desk
from tests.gateway_process import until
from tests.raw import locked
from tests.standins.twilio_api import new_sid

SECOND = """
adapter = "twilio_sms"
account_sid = "{account}"
auth_token = {{ file = "token" }}
[numbers]
"{number}" = "denver"
"""
OLD, NEW = "+13035550121", "+13035550122"
CUSTOMERS = tuple(f"+1720555013{number}" for number in range(4))
"""Whose texts pour in."""


@asynccontextmanager
async def pouring(desk: Desk) -> AsyncIterator[None]:
    """Texts come in before, during and after; each is taken at once, and is there once and in order."""
    enough = asyncio.Event()
    said: dict[str, list[str]] = {customer: [] for customer in CUSTOMERS}

    async def pour(customer: str) -> None:
        while not enough.is_set():
            said[customer].append(f"Text {len(said[customer])}")
            assert 200 == (await desk.text(said[customer][-1], customer)).status

    async def more(count: int = 3) -> None:
        before = min(map(len, said.values()))
        await until(lambda: _is(min(map(len, said.values())) > before + count))

    async with asyncio.TaskGroup() as group:
        for customer in CUSTOMERS:
            group.create_task(pour(customer))
        await more()
        yield
        await more()
        enough.set()
    assert said == {customer: await desk.said(customer) for customer in CUSTOMERS}


async def test_channel_comes_changes_and_goes(desk: Desk) -> None:
    """A channel is added, given another number and removed by its file alone, and no text to another is lost."""
    async with pouring(desk):
        desk.gateway.write("adapters/second.toml", _second(desk, OLD))
        await until(lambda: _takes(desk, OLD))
        desk.gateway.write("adapters/second.toml", _second(desk, NEW))
        await until(lambda: _takes(desk, NEW))
        assert 404 == (await desk.text("To the old number", to=OLD, channel="second")).status
        desk.gateway.remove("adapters/second.toml")
        await until(lambda: _refuses(desk, NEW))


async def test_channel_in_use_changes(desk: Desk) -> None:
    """The very channel that texts pour into gets a number more, and drops none of them."""
    async with pouring(desk):
        before = desk.gateway.read("adapters/sms.toml")
        desk.gateway.write("adapters/sms.toml", f'{before}"{NEW}" = "denver"\n')
        await until(lambda: _takes(desk, NEW, "sms"))


async def test_broken_file(desk: Desk) -> None:
    """A mistake in one file is logged with its line, changes nothing, and what is right next to it waits for it."""
    async with pouring(desk):
        before = desk.gateway.read("adapters/sms.toml")
        desk.gateway.write("adapters/second.toml", _second(desk, NEW))
        await until(lambda: _takes(desk, NEW))
        desk.gateway.write("adapters/sms.toml", before.replace("denver", "denvre"))
        fault = (await desk.gateway.hears("config.refused"))["fault"]
        assert fault.startswith("config/adapters/sms.toml:7: numbers.")
        desk.gateway.remove("adapters/second.toml")
        assert 1 == (await _ready(desk))["faults"]
        assert await _takes(desk, NEW)
        desk.gateway.write("adapters/sms.toml", before)
        await until(lambda: _refuses(desk, NEW))
        assert 0 == (await _ready(desk))["faults"]


async def test_hangup_signal(desk: Desk) -> None:
    """SIGHUP reads the folder again, also what nobody watches: a secret that lies elsewhere."""
    elsewhere = desk.gateway.folder / "elsewhere"
    elsewhere.write_text("another-token", encoding="utf-8")
    desk.gateway.write("adapters/second.toml", _second(desk, NEW).replace('"token"', f'"{elsewhere}"'))
    await until(lambda: _is_forbidden(desk, NEW))
    elsewhere.write_text(desk.twilio.auth_token, encoding="utf-8")
    desk.gateway.reload()
    await until(lambda: _takes(desk, NEW))


async def test_listen_changes(desk: Desk) -> None:
    """A changed address says that it needs a restart, to who asks whether it is ready too, and service goes on at the
    old one."""
    settings = desk.gateway.read("gateway.toml")
    desk.gateway.write("gateway.toml", settings.replace(str(desk.gateway.port), "8080"))
    notice = (await desk.gateway.hears("config.needs_restart"))["notice"]
    assert "server.listen has changed: it needs a restart" == notice
    assert ["server.listen"] == (await _ready(desk))["needs_restart"]
    assert 200 == (await desk.text("Still here")).status


async def test_database_is_busy(desk: Desk) -> None:
    """A database that is held while the folder changes puts the change off, and does not end the watch."""
    async with locked(desk.gateway.place):
        desk.gateway.write("adapters/second.toml", _second(desk, OLD))
        await desk.gateway.hears("config.not_taken")
        assert 404 == (await desk.text("Hello", to=OLD, channel="second")).status
    await until(lambda: _takes(desk, OLD))
    desk.gateway.write("adapters/second.toml", _second(desk, NEW))
    await until(lambda: _takes(desk, NEW))


async def test_team_goes_and_leaves_customers(desk: Desk) -> None:
    """A team that is taken out while it has customers is named to admins."""
    assert 200 == (await desk.text("Hello")).status
    for name in ("teams.toml", "adapters/sms.toml"):
        text = desk.gateway.read(name)
        desk.gateway.write(name, text.replace('"denver"', '"boulder"'))
    notice = (await desk.gateway.hears("config.noticed"))["notice"]
    assert 'team "denver" is not in teams.toml any more, but has customers' == notice


def _second(desk: Desk, number: str) -> str:
    return SECOND.format(account=desk.twilio.account_sid, number=number)


async def _is(true: bool) -> bool:
    return true


async def _takes(desk: Desk, number: str, channel: str = "second") -> bool:
    return 200 == (await desk.text("Hello", to=number, channel=channel, sid=new_sid())).status


async def _refuses(desk: Desk, number: str) -> bool:
    return 404 == (await desk.text("Hello", to=number, channel="second")).status


async def _is_forbidden(desk: Desk, number: str) -> bool:
    return 403 == (await desk.text("Hello", to=number, channel="second")).status


async def _ready(desk: Desk) -> dict[str, int]:
    async with desk.http.get(f"{desk.gateway.url}/readyz") as answer:
        config: dict[str, int] = (await answer.json())["config"]
        return config
