"""The composition root: opens everything in order and closes it in reverse. Nothing below knows how it is put together.

On SIGTERM: accept nothing new, let what is under way end, send what was claimed, close the database last.
"""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import os
import resource
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import aiohttp
import structlog
from aiohttp import web

from gateway.catch_up import CatchUp
from gateway.channels.registry import Channels
from gateway.domain.message import TeamId
from gateway.errors import Conflict
from gateway.feed.follow import Feed
from gateway.files.intake import Intake
from gateway.files.links import SECRET_BYTES, Links
from gateway.files.place import look, open_files
from gateway.http.deps import ConfigState, DemoPhone, Deps
from gateway.http.pace import Paces
from gateway.http.server import make_app, make_local_app, make_operator_app, make_runner
from gateway.http.spending import Spending
from gateway.outbox.agents import AgentPushes
from gateway.outbox.dialer import Dialer
from gateway.outbox.fetcher import Fetcher
from gateway.outbox.openings import Openings
from gateway.outbox.worker import Outbox
from gateway.readings import readings
from gateway.scheduler import AlarmClock, Housekeeping, Indexer, Nodes
from gateway.settings import Listen, Settings, load
from gateway.settings.watch import Watcher
from gateway.store import agents, jobs, secrets
from gateway.store.doorbell import Doorbell
from gateway.store.open import open_store
from gateway.store.serving import only_server
from gateway.store.store import Store

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

DRAIN_SECONDS: Final = 10.0
"""How long requests that are under way may take to end after SIGTERM."""

Announce = Callable[[str], None]


async def serve_forever(settings: Settings, announce: Announce, demo: DemoPhone | None = None) -> None:
    """Serve until SIGTERM or SIGINT. `announce` is called with our address once requests are accepted."""
    _raise_file_limit()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    settings = _with_port(settings)
    async with open_gateway(settings, demo) as gateway:
        loop.add_signal_handler(signal.SIGHUP, gateway.watcher.trigger)
        _settle_garbage()
        announce(gateway.url)
        log.info("gateway.serving", version=settings.version, channels=len(settings.channels))
        await stop.wait()
        log.info("gateway.draining")


class Gateway:
    """A running gateway: what its parts share, and how a changed config reaches them."""

    def __init__(self, settings: Settings, store: Store, doorbell: Doorbell, secret: bytes) -> None:
        self.store = store
        self.channels = Channels()
        self.links = Links(secret, clock, lambda: self.settings.public_url)
        self.intake = Intake(open_files(settings.files), lambda: self.settings.limits)
        self.alone = settings.database.engine == "sqlite"
        """Whether no other node can serve this database."""
        self.feed = Feed(store, doorbell, clock, links=self.links, alone=self.alone)
        self.outbox = Outbox(store, self.channels, doorbell, clock, self.links, self.name_of)
        self.agent_pushes = AgentPushes(store, self.channels, doorbell, clock, self.name_of)
        self.openings = Openings(store, self.channels, doorbell, clock, self.name_of)
        self.dialer = Dialer(store, self.channels, doorbell, clock, lambda: self.settings.teams)
        self.fetcher = Fetcher(store, self.channels, self.intake, doorbell, clock)
        self.catch_up = CatchUp(store, self.channels, lambda: self.settings.teams, clock)
        self.watcher = Watcher(settings, self.apply, remarks=self.remarks)
        self.alarm_clock = AlarmClock(store, doorbell, clock, lambda: self.settings.teams)
        self.nodes = Nodes(store, lambda: self.settings.version, alone=self.alone)
        self.paces = Paces()
        self.http: aiohttp.ClientSession
        self.url = ""

    @property
    def settings(self) -> Settings:
        return self.watcher.current

    def name_of(self, team: TeamId) -> str:
        """What customers call it; its id where the config does not know it any more."""
        known = self.settings.teams.get(team)
        return team if known is None else known.name

    async def apply(self, new: Settings) -> None:
        """Take over a valid config: all of it, or an error and nothing. What the database may refuse comes first."""
        await self.store.write(agents.add_teams, tuple(new.teams.by_id))
        await self.channels.apply(new.channels.values(), new.public_url, self.http)
        self.catch_up.notice()  # a channel that is new has missed nothing, from now on
        if new.teams.by_id.keys() - self.settings.teams.by_id.keys():
            self.feed.end_all()  # an admin's stream starts anew, with the new team in it

    async def remarks(self, new: Settings) -> tuple[str, ...]:
        """What admins should know of a config beside the data that is there."""
        served = await self.store.read(agents.teams_with_customers)
        left = (team for team in served if new.teams.get(team) is None)
        return tuple(f'team "{team}" is not in teams.toml any more, but has customers' for team in left)

    async def start(self, settings: Settings) -> None:
        await self.store.write(agents.add_teams, tuple(settings.teams.by_id))
        await self.channels.apply(settings.channels.values(), settings.public_url, self.http)
        if self.alone:  # whoever was at something is gone
            await self.store.write(jobs.release_all)
        self.feed.start()
        await self.outbox.start(only_node=self.alone)
        await self.agent_pushes.start(only_node=self.alone)
        self.openings.start()
        await self.dialer.start(only_node=self.alone)
        await self.fetcher.start(only_node=self.alone)

    def deps(self, demo: DemoPhone | None) -> Deps:
        return Deps(
            store=self.store,
            settings=lambda: self.settings,
            channels=self.channels,
            feed=self.feed,
            clock=clock,
            intake=self.intake,
            links=self.links,
            config=self.config,
            outage=self.catch_up.notice,
            started_at=clock(),
            demo=demo,
            readings=readings(self.store, self.feed, self.outbox, self.dialer, self.catch_up, self.watcher, self.nodes),
            paces=self.paces,
        )

    def config(self) -> ConfigState:
        notices = (*self.watcher.notices, *self.nodes.notices)
        return ConfigState(self.watcher.faults, notices, self.nodes.others, self.watcher.needs_restart)


@asynccontextmanager
async def open_gateway(settings: Settings, demo: DemoPhone | None = None) -> AsyncIterator[Gateway]:
    """A gateway that accepts requests; leaving the context drains and closes it."""
    async with AsyncExitStack() as stack:
        if settings.database.engine == "sqlite":
            stack.enter_context(only_server(settings.database.path))
        doorbell = Doorbell()
        store = await open_store(settings.database.place, doorbell)
        stack.push_async_callback(store.close)
        await _refuse_demo_accounts(store, settings)
        secret = await store.write(secrets.secret, "files", os.urandom(SECRET_BYTES))
        gateway = Gateway(settings, store, doorbell, secret)
        stack.callback(gateway.intake.close)
        gateway.http = await stack.enter_async_context(aiohttp.ClientSession(connector=_connector()))
        stack.push_async_callback(gateway.channels.close)
        stack.push_async_callback(gateway.outbox.close)
        stack.push_async_callback(gateway.agent_pushes.close)
        stack.push_async_callback(gateway.openings.close)
        stack.push_async_callback(gateway.dialer.close)
        stack.push_async_callback(gateway.fetcher.close)
        stack.push_async_callback(gateway.catch_up.close)
        await gateway.start(settings)
        housekeeping = Housekeeping(store, clock, gateway.channels.traffic, gateway.intake)
        stack.push_async_callback(housekeeping.close)
        stack.push_async_callback(Indexer(store, doorbell).close)
        if not gateway.alone:
            stack.push_async_callback(Spending(store, gateway.paces, clock).close)
        deps = gateway.deps(demo)
        await _listen(stack, gateway, make_operator_app(deps), settings.operator_listen)
        await _listen_locally(stack, make_local_app(deps), settings.local_socket)
        gateway.url = await _listen(stack, gateway, make_app(deps), settings.listen)
        stack.push_async_callback(_stop, asyncio.create_task(look(settings.files, gateway.intake.store)))
        gateway.nodes.start()
        stack.push_async_callback(gateway.nodes.close)
        gateway.catch_up.start()  # what comes in from now on is not missed
        gateway.alarm_clock.start()
        stack.push_async_callback(gateway.alarm_clock.close)
        stack.push_async_callback(_stop, _watching(gateway.watcher))
        stack.push_async_callback(gateway.feed.close)  # first: streams are requests that never end by themselves
        yield gateway


async def _listen(stack: AsyncExitStack, gateway: Gateway, app: web.Application, listen: Listen | None) -> str:
    if listen is None:
        return ""
    runner = make_runner(app, DRAIN_SECONDS)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, listen.host, listen.port, backlog=1024)
    try:
        await site.start()
    except OSError as error:
        said = (error.strerror or str(error)).rpartition(": ")[2]  # asyncio puts the address before it once more
        raise Conflict(f"cannot listen on {listen}: {said}") from error
    host, port = runner.addresses[0][:2]
    return f"http://{Listen(host, port)}"


async def _listen_locally(stack: AsyncExitStack, app: web.Application, path: Path) -> None:
    """A socket that only our own user may use, for `teamline status`. Without it, everything else works."""
    runner = make_runner(app, DRAIN_SECONDS)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        await asyncio.to_thread(path.unlink, missing_ok=True)  # of a process that was killed; we hold the lock
        before = os.umask(0o177)
        try:
            await web.UnixSite(runner, str(path)).start()
        finally:
            os.umask(before)
        stack.callback(path.unlink, missing_ok=True)
    except OSError as error:  # a path too long for a socket, or a file system without them
        log.warning("gateway.no_local_socket", error=error.strerror)


def _with_port(settings: Settings) -> Settings:
    """Port 0 asks for a free one. It must be known before anything is set up: our own address is built from it, and
    pages are only believed when they come from there."""
    host, port = settings.listen
    if port:
        return settings
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        listen = str(Listen(host, probe.getsockname()[1]))
    return load(settings.folder, overrides=dataclasses.replace(settings.overrides, listen=listen))


def _settle_garbage() -> None:
    """What is there now stays as long as we do: the collector need not go through all of it again and again, nor look
    after every few hundred objects, for a request makes thousands and they die without it."""
    gc.freeze()  # not collected before: 2,000 of 100,000 objects are garbage, found in a tenth of a second
    gc.set_threshold(20_000, 20, 20)
    gc.enable()  # `teamline serve` starts without it


def _raise_file_limit() -> None:
    """Each open console is a file; the 1,024 that a shell or systemd grants at first are no bound of ours."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS says "unlimited" and means less
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _connector() -> aiohttp.TCPConnector:
    """Each channel bounds what it has under way; with one bound for all, a provider that hangs would hold up others."""
    return aiohttp.TCPConnector(limit=0)


def _watching(watcher: Watcher) -> asyncio.Task[None]:
    """Nobody awaits it while we serve, so that it must tell by itself if it ever ends."""

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            log.critical("config.watch_ended", exc_info=task.exception())

    task = asyncio.create_task(watcher.run())
    task.add_done_callback(ended)
    return task


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _refuse_demo_accounts(store: Store, settings: Settings) -> None:
    if not settings.is_local and await store.read(agents.has_demo_accounts):
        raise Conflict(
            f"{settings.database.name} has the demo's accounts, which everyone knows: they serve this machine only. "
            "Use another database, or loopback for both listen and public_url."
        )


def clock() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000
