"""A gateway's HTTP floor on a real socket, with the real store, channels and feed below it; and who talks to it."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import aiohttp
from aiohttp import web
from argon2 import PasswordHasher
from twilio.request_validator import RequestValidator

from gateway.actions import people
from gateway.channels.registry import Channels
from gateway.domain.author import AgentId, Role
from gateway.domain.message import TeamId
from gateway.feed.follow import Feed
from gateway.files.intake import Intake
from gateway.files.links import Links
from gateway.files.store import LocalFiles
from gateway.http.deps import Deps
from gateway.http.server import make_app, make_runner
from gateway.settings import Settings, load
from gateway.store import agents
from gateway.store.agents import NewAgent
from gateway.store.credentials import secret_hash
from gateway.store.doorbell import Doorbell
from gateway.store.store import Store
from tests.engines import open_engine

TOKEN: Final = "twilio-token-of-the-tests"
ACCOUNT: Final = "AC" + "1" * 32
DENVER, RENO, POOL = "+13035550100", "+17755550100", "+18005550100"
CUSTOMER: Final = "+17205550111"
PASSWORD: Final = "correct horse battery staple"
BASE: Final = "/api/agent/v1"
START: Final = 1_795_000_000_000_000

CONFIG: Final = {
    "gateway.toml": '[server]\nlisten = "127.0.0.1:8080"\npublic_url = "http://127.0.0.1:8080"\n',
    "teams.toml": """
default_team = "denver"
[[team]]
id = "denver"
name = "Front Range"
timezone = "America/Denver"
regions = ["+1303", "+1720"]
[[team]]
id = "reno"
name = "Great Basin"
timezone = "America/Los_Angeles"
regions = ["+1775"]
""",
    "adapters/sms.toml": f"""
adapter = "twilio_sms"
account_sid = "{ACCOUNT}"
auth_token = {{ file = "token" }}
[numbers]
"{DENVER}" = "denver"
"{RENO}" = "reno"
"{POOL}" = "by-region"
""",
    "adapters/phone.toml": 'adapter = "loopback"\n[numbers]\n"+13035550199" = "denver"\n',
    "adapters/web.toml": """
adapter = "web_chat"
origins = ["https://www.example.com"]
""",
    "adapters/token": TOKEN,
    "token": TOKEN,
}

Answer = tuple[int, Any]


@dataclass
class Clock:
    """The time that the gateway believes it is, in microseconds since 1970."""

    now: int = START

    def __call__(self) -> int:
        self.now += 1
        return self.now


@dataclass
class Desk:
    """A running gateway and what a test does to it."""

    url: str
    deps: Deps
    store: Store
    clock: Clock
    http: aiohttp.ClientSession
    tokens: dict[str, str] = field(default_factory=dict)

    async def person(
        self,
        login: str,
        *teams: str,
        role: Role = "agent",
        may_reply: bool = True,
        password_hash: str | None = None,
    ) -> AgentId:
        """Somebody new, with a personal token."""
        new = NewAgent(login, login.title(), login.title(), role, password_hash, tuple(map(TeamId, teams)))
        agent = await self.store.write(people.add_agent, new, self.clock())
        self.tokens[login] = secrets.token_urlsafe(32)
        hashed = secret_hash(self.tokens[login])
        await self.store.write(people.add_token, login, "test", may_reply, hashed, self.clock())
        return agent

    async def call(
        self, login: str | None, method: str, path: str, json: Any = None, headers: Mapping[str, str] = {}, **more: Any
    ) -> Answer:
        """Status and JSON of a call to the agent API under somebody's token."""
        own = {"Authorization": f"Bearer {self.tokens[login]}"} if login else {}
        path = path if path.startswith("/api") else BASE + path
        async with self.http.request(
            method, self.url + path, json=json, headers={**own, **headers}, **more
        ) as response:
            assert response.status < 400 or response.content_type == "application/problem+json"
            return response.status, await response.json() if response.content_type.endswith("json") else None

    async def text(
        self, body: str, sender: str = CUSTOMER, to: str = DENVER, sid: str | None = None, token: str = TOKEN
    ) -> int:
        """A customer's text by way of Twilio; the status of the answer."""
        form = text_form(body, sender, to, sid)
        headers = signed(f"{self.deps.settings().public_url}/hooks/sms/messages", form, token)
        async with self.http.post(f"{self.url}/hooks/sms/messages", data=form, headers=headers) as response:
            await response.read()
            return response.status

    async def thread(self, login: str) -> str:
        """The id of the newest thread in somebody's inbox."""
        _, inbox = await self.call(login, "GET", "/threads?view=all")
        newest: str = inbox["items"][0]["id"]
        return newest


def text_form(body: str, sender: str = CUSTOMER, to: str = DENVER, sid: str | None = None) -> dict[str, str]:
    return {
        "MessageSid": sid or new_sid(),
        "AccountSid": ACCOUNT,
        "From": sender,
        "To": to,
        "Body": body,
        "NumMedia": "0",
        "ApiVersion": "2010-04-01",
    }


def new_sid() -> str:
    return "SM" + secrets.token_hex(16)


def signed(url: str, form: Mapping[str, str], token: str = TOKEN) -> dict[str, str]:
    """The header that Twilio sends, made by its own package."""
    return {"X-Twilio-Signature": RequestValidator(token).compute_signature(url, dict(form))}


@cache
def _settings(config: tuple[tuple[str, str], ...]) -> Settings:
    """Of the config's files, by name and content."""
    with TemporaryDirectory() as folder:
        for name, content in config:
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return load(Path(folder))


@asynccontextmanager
async def running(
    folder: Path, public_url: str | None = None, *, engine: str = "sqlite", **changes: Any
) -> AsyncIterator[Desk]:
    """A desk whose `Deps` have these changes; `wrap` makes what stands before the store, `bell` is its doorbell."""
    settings = dataclasses.replace(_settings(tuple(CONFIG.items())), files=folder / "files")
    if public_url is not None:
        settings = dataclasses.replace(settings, public_url=public_url)
    wrap = changes.pop("wrap", lambda store: store)
    async with AsyncExitStack() as stack:
        bell, clock = changes.pop("bell", None) or Doorbell(), Clock()
        store = await open_engine(engine, folder, bell)
        stack.push_async_callback(store.close)
        http = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
        links = Links(b"s" * 32, clock, lambda: settings.public_url)
        channels, feed = Channels(), Feed(store, bell, clock, links=links)
        await store.write(agents.add_teams, tuple(settings.teams.by_id))
        await channels.apply(settings.channels.values(), settings.public_url, http)
        stack.push_async_callback(channels.close)
        feed.start()
        intake = Intake(LocalFiles(settings.files), lambda: settings.limits)
        stack.callback(intake.close)
        made: dict[str, Any] = {"intake": intake, "links": links}
        deps = Deps(
            store=wrap(store),
            settings=lambda: settings,
            channels=channels,
            feed=feed,
            clock=clock,
            **made | changes,
        )
        url = await listen(stack, make_app(deps))
        stack.push_async_callback(feed.close)
        yield Desk(url, deps, store, clock, http)


async def listen(stack: AsyncExitStack, app: web.Application) -> str:
    runner = make_runner(app, 1.0)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}"


def password_hash() -> str:
    """Of PASSWORD, quick to check: how slow it is to guess is no matter here."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
