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

from gateway.errors import ConfigError, Fault
from gateway.settings.folder import load
from gateway.settings.settings import Settings

STEP_MS: Final = 100
"""How long it must be quiet before the folder is read: an editor writes a file in several steps."""

log = structlog.get_logger()


class Watcher:
    """Follows a config folder. `on_change` gets new settings, and may refuse them by raising ConfigError."""

    def __init__(
        self,
        current: Settings,
        on_change: Callable[[Settings], Awaitable[None]],
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.current = current
        self.faults: tuple[Fault, ...] = ()
        """Why the folder as it stands now is not in use; empty when it is."""
        self.notices: tuple[str, ...] = ()
        """What stands in the folder and needs a restart, in words."""
        self._on_change = on_change
        self._environ = environ
        self._wanted = asyncio.Event()
        self._wanted.set()  # what changed between the first reading and the watch

    def trigger(self) -> None:
        """Read the folder again soon, for a SIGHUP: also what lies outside it, such as a secret's file."""
        self._wanted.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
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
        else:
            self._accept(new, tuple(_needing_restart(self.current, read)))

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
        self.faults = faults

    def _accept(self, new: Settings, notices: tuple[str, ...]) -> None:
        if new != self.current or self.faults:
            log.info("config.loaded", version=new.version)
        if notices != self.notices:
            for notice in notices:
                log.warning("config.needs_restart", notice=notice)
        self.current, self.faults, self.notices = new, (), notices

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
        yield "server.listen has changed: it needs a restart"
    if read.operator_listen != current.operator_listen:
        yield "server.operator_listen has changed: it needs a restart"
    if read.database != current.database:
        yield "database.url has changed: it needs a restart"
    if read.files != current.files:
        yield "files.url has changed: it needs a restart"
