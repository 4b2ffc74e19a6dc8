"""The configuration while it runs: the whole folder validates and is taken over, or nothing changes.

A fault is logged and kept for admins to see. What cannot change in a running process keeps its old value and says so.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import structlog
from watchfiles import Change, awatch

from gateway.errors import ConfigError, Fault, Problem
from gateway.files.place import Place
from gateway.settings.folder import load
from gateway.settings.settings import Settings
from gateway.settings.storage import Database

STEP_MS: Final = 100
"""How long it must be quiet before the folder is read: an editor writes a file in several steps."""

RETRY_SECONDS: Final = 1.0
"""After how long a valid config that could not be taken over, as the database was busy, is tried again."""

NOT_TAKEN: Final = "the config in the folder is valid, and could not be taken over yet: the one before is in use"

_BESIDE_URL: Final = ("endpoint", "region", "access_key_id", "secret_access_key")
"""Keys of [files] that say how a bucket is reached. `max_mb` is taken over as it is."""

log = structlog.get_logger()

Remarks = Callable[[Settings], Awaitable[tuple[str, ...]]]
"""What of a config only the database can judge, in words for admins."""


async def _no_remarks(_: Settings) -> tuple[str, ...]:
    return ()


class Watcher:
    """Follows a config folder, for as long as the process lives.

    `on_change` gets new settings. It may refuse them by raising ConfigError; after a Problem it is called again in a
    while, so it must bear being called twice with the same ones.
    """

    def __init__(
        self,
        current: Settings,
        on_change: Callable[[Settings], Awaitable[None]],
        environ: Mapping[str, str] = os.environ,
        remarks: Remarks = _no_remarks,
    ) -> None:
        self.current = current
        self.faults: tuple[Fault, ...] = ()
        """Why the folder as it stands now is not in use; empty when it is."""
        self.needs_restart: tuple[str, ...] = ()
        """Keys of the folder with another value than the one in use, which stays until a restart."""
        self._remarked: tuple[str, ...] = ()
        self._is_put_off = False
        self._on_change = on_change
        self._environ = environ
        self._remarks = remarks
        self._wanted = asyncio.Event()
        self._wanted.set()  # what changed between the first reading and the watch

    @property
    def notices(self) -> tuple[str, ...]:
        """What stands in the folder and needs a restart or a look, in words."""
        restarts = (f"{key} has changed: it needs a restart" for key in self.needs_restart)
        return (*restarts, *self._remarked, *([NOT_TAKEN] if self._is_put_off else ()))

    def trigger(self) -> None:
        """Read the folder again soon, for a SIGHUP: also what lies outside it, such as a secret's file."""
        self._wanted.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            await asyncio.sleep(0)  # it watches from here on: what changes during the first reading is seen
            while await self._wanted.wait():
                self._wanted.clear()
                await self.reload()

    async def reload(self) -> None:
        """Read the folder and take it over, or say what is wrong with it."""
        try:
            read = await asyncio.to_thread(load, self.current.folder, self._environ, self.current.overrides)
            new = await asyncio.to_thread(self._held, read)
            if new != self.current:
                await self._on_change(new)
        except ConfigError as error:
            self._refuse(error.faults)
        except Problem as problem:
            self._put_off("config.not_taken", problem=problem.slug)
            self._try_again()
        except Exception:  # noqa: BLE001  a bug of ours must not end the watch: the next change is read again
            self._put_off("config.reload_failed", exc_info=True)
        else:
            self._accept(new, tuple(_needing_restart(self.current, read)))
            await self._ask_remarks()

    def _held(self, read: Settings) -> Settings:
        """With the old values of what cannot change; a `public_url` that follows `listen` stays with the old one."""
        old = self.current
        if read.listen != old.listen:
            read = load(read.folder, self._environ, dataclasses.replace(old.overrides, listen=str(old.listen)))
        return dataclasses.replace(
            read,
            operator_listen=old.operator_listen,
            database=old.database,
            files=old.files,
            overrides=old.overrides,
        )

    def _refuse(self, faults: tuple[Fault, ...]) -> None:
        if faults != self.faults:
            for fault in faults:
                log.error("config.refused", fault=str(fault))
        self.faults, self._is_put_off = faults, False

    def _put_off(self, event: str, **facts: object) -> None:
        if not self._is_put_off:
            log.error(event, **facts)
        self._is_put_off = True

    def _try_again(self) -> None:
        asyncio.get_running_loop().call_later(RETRY_SECONDS, self._wanted.set)

    def _accept(self, new: Settings, needs_restart: tuple[str, ...]) -> None:
        if new != self.current or self.faults:
            log.info("config.loaded", version=new.version)
        before = self.notices
        self.current, self.faults, self._is_put_off, self.needs_restart = new, (), False, needs_restart
        self._tell("config.needs_restart", before)

    async def _ask_remarks(self) -> None:
        """Beside the taking over: a config that is in use is not put off because the database is busy."""
        try:
            remarked = await self._remarks(self.current)
        except Problem:
            self._try_again()
        except Exception:
            log.exception("config.not_looked_through")
        else:
            before = self.notices
            self._remarked = remarked
            self._tell("config.noticed", before)

    def _tell(self, event: str, before: tuple[str, ...]) -> None:
        for notice in self.notices:
            if notice not in before:
                log.warning(event, notice=notice)

    async def _follow(self) -> None:
        try:
            async for _ in awatch(self.current.folder, watch_filter=self._matters, step=STEP_MS):
                self._wanted.set()
        except (OSError, RuntimeError) as error:  # no inotify here, or no more of it: SIGHUP still works
            log.warning("config.unwatched", error=type(error).__name__)

    def _matters(self, _: Change, name: str) -> bool:
        """What lies in the folder, its adapters or beside a secret; a database below changes always."""
        folder = self.current.folder
        parents = {folder, folder / "adapters", *(path.parent for path in self.current.secret_files)}
        return Path(name).parent.resolve() in {path.resolve() for path in parents}


def _needing_restart(current: Settings, read: Settings) -> Iterator[str]:
    if read.listen != current.listen:
        yield "server.listen"
    if read.operator_listen != current.operator_listen:
        yield "server.operator_listen"
    yield from _places_changed(read, current)


def _places_changed(read: Settings, current: Settings) -> Iterator[str]:
    """The keys of where data is kept, a secret's among them."""
    yield from (f"database.{key}" for key in Database.model_fields if _differ(key, read.database, current.database))
    if _where(read.files) != _where(current.files):
        yield "files.url"
    yield from (f"files.{key}" for key in _BESIDE_URL if _differ(key, read.files, current.files))


def _where(files: Place) -> Path | str:
    return files if isinstance(files, Path) else files.url


def _differ(key: str, one: object, other: object) -> bool:
    """A folder has none of a bucket's keys."""
    return bool(getattr(one, key, None) != getattr(other, key, None))
