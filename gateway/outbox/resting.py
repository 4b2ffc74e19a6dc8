"""The rest between two looks at a table, of a task that is stopped and never cancelled."""

from __future__ import annotations

import asyncio

from gateway.store.doorbell import Ear


async def rest(ear: Ear, stopping: asyncio.Event, seconds: float, gap: float) -> None:
    """Until the bell, the timer or the end; then, unless it is the end, `gap` more, in which many rings are one."""
    waits = [asyncio.create_task(ear.heard(seconds)), asyncio.create_task(stopping.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
    if not stopping.is_set():
        await asyncio.sleep(gap)
