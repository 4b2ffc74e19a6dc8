"""Two nodes of one PostgreSQL database in this process: each a whole gateway, with a port, a store and a feed.

What a bell might hurry is tested twice: with the bell between the nodes, and with one that nobody ever hears.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from gateway.app import Gateway, open_gateway
from gateway.settings import Overrides, Settings, load
from gateway.store.postgres.bell import Bell
from tests.engines import address
from tests.http.running import Clock, Desk
from tests.processes import free_port

CONFIG: Final = {
    "gateway.toml": """
[server]
public_url = "http://127.0.0.1:8080"
trusted_proxies = ["127.0.0.1"]
[database]
url = "{database}"
[files]
url = "file://{files}"
""",
    "teams.toml": '[[team]]\nid = "denver"\nname = "Front Range"\ntimezone = "America/Denver"\n',
    "adapters/web.toml": 'adapter = "web_chat"\n',
}


class WallClock(Clock):
    """The time that it is."""

    def __call__(self) -> int:
        return time.time_ns() // 1000


@dataclass
class Node(Desk):
    """One of the nodes, by its own door."""

    gateway: Gateway = field(kw_only=True)


async def settings_of(folder: Path, version: str = "one", database: str | None = None) -> Settings:
    """A config folder of its own for each version, of one database and one place for files."""
    config = folder / version
    where = {"database": database or await address(folder), "files": folder / "files"}
    for name, content in CONFIG.items():
        path = config / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content.format(**where), encoding="utf-8")
    if version != "one":
        with (config / "teams.toml").open("a", encoding="utf-8") as file:
            file.write('hours = { sat = ["09:00-13:00"] }\n')
    return load(config, overrides=Overrides(listen=f"127.0.0.1:{free_port()}"))


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Node]:
    """A node until the end of the block."""
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(open_gateway(settings))
        http = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
        yield Node(gateway.url, gateway.deps(None), gateway.store, WallClock(), http, gateway=gateway)


@pytest.fixture(params=["bell", "no bell"])
def bell(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether NOTIFY arrives."""
    name: str = request.param
    if name == "no bell":
        monkeypatch.setattr(Bell, "_heard", lambda *_: None)
    return name


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[Node, Node]]:
    """Two of one folder with different --listen; Ana works in Denver, Dana is an admin, and both can go to either."""
    async with serving(await settings_of(tmp_path)) as one, serving(await settings_of(tmp_path)) as other:
        await one.person("ana", "denver")
        await one.person("dana", role="admin")
        other.tokens = one.tokens
        yield one, other


@pytest.fixture
def nodes(bell: str, pair: tuple[Node, Node]) -> tuple[Node, Node]:
    """The same, with the bell and without."""
    return pair
