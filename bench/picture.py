"""A picture of 5 MB until its thumbnail is there, and what the texts that come in meanwhile notice of it.

The picture is a photograph's size and noise, other bytes each time, uploaded as the console does it; the clock runs
from the first byte of the upload to the last byte of the thumbnail. Signed texts arrive evenly, first alone and then
with one picture after the other, in turns.
"""

from __future__ import annotations

import asyncio
import io
import os
import random
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final

import aiohttp
from PIL import Image
from rich.console import Console
from rich.progress import Progress

from bench.database import Database, scratch
from bench.figures import Figure, percentile
from bench.forms import hooks
from bench.load import Result, pace
from bench.pairs import settle
from bench.people import Person, fill, hire
from bench.server import Server, configure, gateway
from bench.stored import check_received
from bench.trial import PAIRS, SECONDS
from gateway.http.agent_api import BASE
from gateway.store.store import Store

TEXTS: Final = 500
"""A second."""
SIZE: Final = (4_000, 3_000)
BYTES: Final = 5_000_000
PICTURES: Final = 8
"""Different ones, made before the clock runs."""
PERSON: Final = Person("ana", ("bench",))


async def run(console: Console, progress: Progress) -> list[Figure]:
    async with scratch() as (folder, database):
        return await _run(console, progress, folder, database)


async def _run(console: Console, progress: Progress, folder: Path, database: Database) -> list[Figure]:
    public_url = configure(folder, database)

    async def work(store: Store) -> None:
        await hire(store, [PERSON])

    await fill(database, work)
    chance, pictures = random.Random(9), [_photograph() for _ in range(PICTURES)]
    task = progress.add_task("picture", total=2 * PAIRS + 1)
    alone: list[Result] = []
    beside: list[Result] = []
    times: list[float] = []
    with gateway(folder) as ours:
        for turn in range(2 * PAIRS + 1):  # the first warms up
            texts = hooks(int(TEXTS * SECONDS), chance, public_url)
            if turn % 2:
                alone.append(await pace(ours.address, texts, TEXTS))
            else:
                result, taken = await _beside(ours, pace(ours.address, texts, TEXTS), pictures, public_url)
                beside.append(result)
                times += taken if turn else []
            await settle(database)
            progress.advance(task)
    runs = [*alone, *beside]
    await check_received(
        console,
        database,
        set[str]().union(*(run.acknowledged for run in runs)),
        sum(run.refused for run in runs),
    )
    size = f"{len(pictures[0]) / 1e6:.1f} MB, {SIZE[0]} by {SIZE[1]} pixels, with {TEXTS} texts a second"
    return [
        Figure("picture: until its thumbnail is there", times, "s", size, at_most=1),
        Figure("picture: p99 of texts alone", _p99(alone), "ms", f"{TEXTS} texts a second"),
        Figure("picture: p99 of texts beside", _p99(beside[1:]), "ms", "one picture after the other", at_most=25),
    ]


def _p99(runs: list[Result]) -> list[float]:
    return [percentile(run.latencies, 0.99) * 1_000 for run in runs]


async def _beside(
    server: Server, texts: Coroutine[Any, Any, Result], pictures: list[bytes], public_url: str
) -> tuple[Result, list[float]]:
    """Upload one after the other until the texts have ended."""
    coming = asyncio.create_task(texts)
    taken: list[float] = []
    headers = {"Cookie": f"teamline_session={PERSON.session}", "Origin": public_url}
    async with aiohttp.ClientSession(headers=headers) as http:
        while not coming.done():
            taken.append(await _upload(http, server.url, pictures[len(taken) % len(pictures)]))
    return await coming, taken


async def _upload(http: aiohttp.ClientSession, url: str, picture: bytes) -> float:
    """Seconds until the thumbnail is here. Bytes behind a JPEG's end make each a new one and change no pixel."""
    form = aiohttp.FormData()
    form.add_field("file", io.BytesIO(picture + os.urandom(16)), filename="storm.jpg")
    begun = time.perf_counter()
    async with http.post(f"{url}{BASE}/attachments", data=form) as response:
        if response.status != 201:
            raise SystemExit(f"a picture was answered {response.status}")
        thumb = (await response.json())["thumb_url"]
    async with http.get(url + thumb) as response:
        await response.read()
        assert response.status == 200
    return time.perf_counter() - begun


def _photograph() -> bytes:
    """As much noise as makes it large enough."""
    small = Image.frombytes("RGB", (SIZE[0] // 2, SIZE[1] // 2), os.urandom(SIZE[0] * SIZE[1] * 3 // 4))
    noise = small.resize(SIZE, Image.Resampling.BICUBIC)
    scene = Image.linear_gradient("L").resize(SIZE).convert("RGB")
    written = b""
    for quality in range(80, 100, 2):
        buffer = io.BytesIO()
        Image.blend(scene, noise, 0.35).save(buffer, "JPEG", quality=quality)
        written = buffer.getvalue()
        if len(written) >= BYTES:
            break
    return written
