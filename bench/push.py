"""How fast phones are woken: 10,000 replies that are due, one reply until its push, and what a hung platform delays.

The platform is a stand-in of FCM in the client's process that answers each push after 50 ms. The first figure is the
time from the first push to the last, against what the connections allow that may be under way at once. The second is a
reply by HTTP until its push is at the stand-in, without the grace. For the third the stand-in stops to answer, and
replies go out over the loopback channel beside it.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from rich.console import Console
from rich.progress import Progress

from adapters.app_push.sender import AT_ONCE
from bench.database import Database, scratch
from bench.figures import Figure, percentile
from bench.people import Person, fill, hire, now, write_first
from bench.server import Server, configure, gateway
from bench.texts import texts
from bench.trial import scaled
from gateway.actions.reply import Reply, reply
from gateway.channels.contract import Capabilities
from gateway.domain.author import CustomerId
from gateway.domain.device import Device
from gateway.domain.message import ThreadId
from gateway.store import devices
from gateway.store.credentials import secret_hash
from gateway.store.deliveries import GRACE
from gateway.store.devices import Holder
from gateway.store.store import Store, Tx

PUSHES: Final = scaled(10_000, least=200)
SINGLE: Final = scaled(300, least=20)
"""Replies of the second figure, and of each half of the third."""
APART: Final = 0.05
"""Seconds between two of them."""
ANSWERS_IN: Final = 0.05
HUNG: Final = 2 * AT_ONCE
"""Pushes that wait for a platform which hangs: more than may be under way."""
PATIENCE: Final = 300.0
ANA: Final = Person("ana", ("bench",))
APP: Final = """adapter = "app_push"
audience = "bench"
team = "bench"
[[jwt_key]]
kid = "1"
alg = "HS256"
secret = {{ file = "jwt" }}
[fcm]
service_account = {{ file = "fcm.json" }}
api_base_url = "{url}"
"""


@dataclass
class Platform:
    """Google, for this bench: when it got the push of each message, in seconds since 1970."""

    came: dict[str, float] = field(default_factory=dict)
    hangs: bool = False
    url: str = ""

    def __post_init__(self) -> None:
        self._let_go = asyncio.Event()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_post("/token", self._sign_in)
        app.router.add_post("/v1/projects/bench/messages:send", self._take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield
        finally:
            self._let_go.set()
            await runner.cleanup()

    async def _sign_in(self, _request: web.Request) -> web.Response:
        return web.json_response({"access_token": "bench", "expires_in": 3_600, "token_type": "Bearer"})

    async def _take(self, request: web.Request) -> web.Response:
        told = json.loads(await request.read())
        self.came[told["message"]["data"]["message"]] = time.time()
        if self.hangs:
            await self._let_go.wait()
        await asyncio.sleep(ANSWERS_IN)
        return web.json_response({"name": "projects/bench/messages/1"})

    def let_go(self) -> None:
        """Answer those that hang."""
        self._let_go.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.came) < count:  # noqa: ASYNC110  an event for each would cost what is measured
                await asyncio.sleep(0.02)


async def run(console: Console, progress: Progress) -> list[Figure]:
    task = progress.add_task("push", total=3)
    platform = Platform()
    async with scratch() as (folder, database), platform.open():
        public_url = configure(folder, database)
        _configure_app(folder / "config", platform.url)
        app_threads, phone_threads = await _fill(database)
        async with _serving(folder) as server:
            spent = server.spent()
            await platform.until(PUSHES)
            took = max(platform.came.values()) - min(platform.came.values()) + ANSWERS_IN
            await _settled(database)
            cost = (server.spent() - spent) / PUSHES
            progress.advance(task)
            async with aiohttp.ClientSession(public_url, headers=_headers(public_url)) as http:
                waits = await _singly(http, platform, app_threads)
                progress.advance(task)
                quiet = await _beside(http, database, phone_threads)
                platform.hangs = True
                for thread in app_threads[:HUNG]:
                    await _post(http, thread, "Hello")
                await asyncio.sleep(GRACE / 1e6)
                hung = await _beside(http, database, phone_threads)
                progress.advance(task)
            platform.let_go()
    rate = f"{PUSHES:,} pushes in {took:.2f} s, {PUSHES / took:,.0f} a second, {AT_ONCE} at once"
    console.print(f"{rate}; {cost * 1_000:.2f} ms of processor time each")
    return _figures(took, waits, quiet, hung)


def _figures(took: float, waits: Sequence[float], quiet: Sequence[float], hung: Sequence[float]) -> list[Figure]:
    allowed = PUSHES / AT_ONCE * ANSWERS_IN
    against = f"what {AT_ONCE} connections allow when each push takes {ANSWERS_IN * 1_000:.0f} ms"
    beside = f"the loopback channel, {1 / APART:.0f} replies a second"
    later = max(0.0, percentile(hung, 0.5) - percentile(quiet, 0.5))
    return [
        Figure(f"{PUSHES:,} pushes: time", [took / allowed], "", against, at_most=1.3),
        Figure("reply until its push: p50", [percentile(waits, 0.5)], "ms", "beyond the grace of 3 s", at_most=20),
        Figure("reply until its push: p99", [percentile(waits, 0.99)], "ms", "beyond the grace of 3 s"),
        Figure("reply until sent: p50", [percentile(quiet, 0.5)], "ms", beside),
        Figure("the same later beside a hung platform", [later], "ms", f"{HUNG} pushes that hang", at_most=2),
    ]


def _configure_app(config: Path, url: str) -> None:
    (config / "adapters" / "app.toml").write_text(APP.format(url=url))
    (config / "jwt").write_text(secrets.token_hex(32))
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    account = {
        "type": "service_account",
        "project_id": "bench",
        "private_key": pem,
        "client_email": "bench@bench.iam.gserviceaccount.com",
        "token_uri": f"{url}/token",
    }
    (config / "fcm.json").write_text(json.dumps(account))


async def _fill(database: Database) -> tuple[list[int], list[int]]:
    """Customers with a phone each and a reply that is due; their threads, and those of customers without an app."""
    app: list[int] = []
    phone: list[int] = []

    async def work(store: Store) -> None:
        await hire(store, [ANA])
        app.extend(await write_first(store, "app", "app", "bench", PUSHES))
        phone.extend(await write_first(store, "phone", "phone", "bench", SINGLE))
        await store.write(_register, now())
        bodies = texts()
        for start in range(0, PUSHES, 100):
            some = range(start, min(start + 100, PUSHES))
            await asyncio.gather(*(store.write(reply, _order(app[n], bodies[n % len(bodies)])) for n in some))
        await asyncio.sleep(GRACE / 1e6)

    await fill(database, work)
    return app, phone


async def _register(tx: Tx, at: int) -> None:
    for row in await tx.all("SELECT customer_id FROM identity WHERE kind = 'app' ORDER BY id"):
        device = Device("fcm", f"registration-token-of-{row['customer_id']:08}", {})
        await devices.register(tx, Holder(customer=CustomerId(row["customer_id"])), "app", device, at)


def _order(thread: int, body: str) -> Reply:
    app = {"app": Capabilities()}
    secret = secret_hash(ANA.session)
    return Reply(secret, ThreadId(thread), body, "app", app, None, b"", secrets.token_bytes(16), now())


@asynccontextmanager
async def _serving(folder: Path) -> AsyncIterator[Server]:
    """Started beside our loop, since the stand-in in it is asked at once."""
    serving = gateway(folder)
    server = await asyncio.to_thread(serving.__enter__)
    try:
        yield server
    finally:
        await asyncio.to_thread(serving.__exit__, None, None, None)


def _headers(public_url: str) -> dict[str, str]:
    return {"Cookie": f"teamline_session={ANA.session}", "Origin": public_url, "Sec-Fetch-Site": "same-origin"}


async def _post(http: aiohttp.ClientSession, thread: int, body: str) -> dict[str, Any]:
    async with http.post(f"/api/agent/v1/threads/{thread}/messages", json={"body": body}) as answer:
        if answer.status != 202:
            raise SystemExit(f"a reply was answered {answer.status}")
        said: dict[str, Any] = await answer.json()
        return said


async def _singly(http: aiohttp.ClientSession, platform: Platform, threads: Sequence[int]) -> list[float]:
    """Milliseconds beyond the grace, from when the reply was taken until its push came."""
    written: dict[str, float] = {}
    for number in range(SINGLE):
        said = await _post(http, threads[number % len(threads)], "Hello")
        written[said["id"]] = datetime.fromisoformat(said["at"]).timestamp()
        await asyncio.sleep(APART)
    async with asyncio.timeout(PATIENCE):
        while not written.keys() <= platform.came.keys():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return [(platform.came[id_] - at) * 1_000 - GRACE / 1_000 for id_, at in written.items()]


async def _beside(http: aiohttp.ClientSession, database: Database, threads: Sequence[int]) -> list[float]:
    """Milliseconds from when a reply was taken until the gateway knew that its provider had it."""
    ids = []
    for number in range(SINGLE):
        ids.append((await _post(http, threads[number % len(threads)], "Hello"))["id"])
        await asyncio.sleep(APART)
    query = f"""SELECT delivery.updated_at - message.at FROM delivery JOIN message ON message.id = message_id
                 WHERE message_id IN ({", ".join(ids)}) AND state = 'sent'"""
    async with asyncio.timeout(PATIENCE):
        while len(rows := await database.rows(query)) < len(ids):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return [int(took) / 1_000 for (took,) in rows]


async def _settled(database: Database) -> None:
    """Every push that was taken is recorded: none was made twice, and none is missing."""
    async with asyncio.timeout(PATIENCE):
        while await database.value("SELECT count(*) FROM delivery WHERE state <> 'sent'"):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
