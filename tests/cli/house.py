"""A config folder with a database of either engine and a folder of files; a company's random past to put into it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any, Final

from click.testing import CliRunner, Result

from gateway.actions.deliver import Ending, claim_due, finish
from gateway.channels.contract import Capabilities
from gateway.cli import main
from gateway.cli.options import now
from gateway.domain.attachment import Owner
from gateway.domain.delivery import Move
from gateway.files.store import LocalFiles, hash_of
from gateway.settings.storage import Database
from gateway.store.agents import add_teams
from gateway.store.attachments import Kept, add_loose
from gateway.store.backup import postgres, sqlite
from gateway.store.backup.layout import layout, newest
from gateway.store.backup.rows import Source
from gateway.store.doorbell import Doorbell
from gateway.store.files import hold
from gateway.store.open import open_store
from gateway.store.secrets import secret
from gateway.store.store import Tx
from tests.company import FRONT, LAKES, Company, Person
from tests.engines import address_now

TEAM: Final = '[[team]]\nid = "{id}"\nname = "{id}"\ntimezone = "America/Denver"\n'

Dump = dict[str, list[tuple[Any, ...]]]
"""Every row of every table that is carried."""

LEASE: Final = 90_000_000
DAY: Final = 86_400_000_000
"""Both in microseconds."""
CHANNELS: Final = {"sms": Capabilities(1_600, max_files=5, max_file_bytes=1_000_000)}


class House:
    """What one gateway would serve from `folder`."""

    def __init__(self, folder: Path, engine: str, url: str | None = None) -> None:
        self.folder, self.engine = folder, engine
        self.files = folder / "files"
        own = f"sqlite:///{folder}/teamline.db" if engine == "sqlite" else address_now(folder)
        self.database = Database(url=url or own)
        config = folder / "config"
        config.mkdir(parents=True)
        places = f'[database]\nurl = "{self.database.url}"\n[files]\nurl = "file://{self.files}"\n'
        server = '[server]\npublic_url = "https://care.example.com"\n'
        (config / "gateway.toml").write_text(server + places, encoding="utf-8")
        teams = "".join(TEAM.format(id=team) for team in (FRONT, LAKES))
        (config / "teams.toml").write_text(f'default_team = "{FRONT}"\n{teams}', encoding="utf-8")

    def run(self, *words: str, typed: str | None = None) -> Result:
        """`teamline ...` with this config."""
        return CliRunner().invoke(main, words, input=typed, env={"TEAMLINE_CONFIG": str(self.folder / "config")})

    def work(self, write: Callable[[Company], Awaitable[None]]) -> None:
        """As a company of yesterday on the database, which is closed again."""

        async def work() -> None:
            doorbell = Doorbell()
            store = await open_store(self.database.place, doorbell)
            try:
                company = Company(store, doorbell, self.folder)
                company.clock.at = now() - DAY
                await write(company)
            finally:
                await store.close()

        asyncio.run(work())

    def dump(self) -> Dump:
        async def work() -> Dump:
            reading = (
                sqlite.source(self.database.path) if self.engine == "sqlite" else postgres.source(self.database.dsn)
            )
            async with reading as source:
                return await _all(source)

        return asyncio.run(work())

    def hashes(self) -> set[str]:
        """Of the files that are there."""

        async def work() -> set[str]:
            return {hash_ async for hash_ in LocalFiles(self.files).hashes()}

        return asyncio.run(work())

    def live(self, seed: int = 7, days: int = 40) -> None:
        """Let the company's random past happen."""
        self.work(lambda company: past(company, LocalFiles(self.files), Random(seed), days))


async def _all(source: Source) -> Dump:
    found: Dump = {}
    for table in layout(newest()["sqlite"]):
        found[table.name] = [row async for rows in source.rows(table) for row in rows]
    return found


async def past(company: Company, files: LocalFiles, random: Random, steps: int) -> None:
    """Texts, replies with and without files, notes, claims, endings of all kinds, and some that are under way."""
    await company.store.write(add_teams, (FRONT, LAKES))
    await company.store.write(secret, "files", random.randbytes(32))
    people = [await company.hire(login, FRONT, LAKES) for login in ("ana", "mia")]
    await company.token(people[0], may_reply=True)
    threads = [(await company.text(sender=f"+1303555{n:04}", name=name)).thread for n, name in _names(random)]
    for step in range(steps):
        who, thread = random.choice(people), random.choice(threads)
        match random.randrange(6):
            case 0:
                await company.text(_words(random), sender=f"+1303555{random.randrange(len(threads)):04}")
            case 1:
                await company.note(who.secret, thread, _words(random))
            case 2:
                await company.claim(who.secret, thread)
            case 3:
                await company.done(who.secret, thread)
            case _:
                loose = await _upload(company, files, who, random.randbytes(99)) if random.random() < 0.4 else ()
                await company.reply(
                    who.secret, thread, _words(random), key=f"key {step}", channels=CHANNELS, attachments=loose
                )
        if random.random() < 0.3:
            await _send(company, random)


def _names(random: Random) -> list[tuple[int, str | None]]:
    return list(enumerate(random.choices([None, "Zoë Ångström", "O'Neil \N{GRINNING FACE}"], k=5)))


def _words(random: Random) -> str:
    return "".join(random.choices(["signal", " ", '"', "\\", "\n", "\u2028", "é", "\N{GRINNING FACE}", "'"], k=9)) + "."


async def _upload(company: Company, files: LocalFiles, who: Person, content: bytes) -> tuple[int, ...]:
    hash_ = hash_of(content)
    kept = Kept(hash_, "application/pdf", len(content), "bill.pdf")

    async def add(tx: Tx) -> int:
        await hold(tx, (hash_,), company.clock())
        return (await add_loose(tx, Owner.of_agent(who.id), kept, company.clock())).id

    id_ = await company.store.write(add)
    await files.put(content)
    return (id_,)


async def _send(company: Company, random: Random) -> None:
    """What the outbox would do about the next message."""
    at = company.clock.tick()
    for delivery in await company.store.write(claim_due, "sms", 1, at, LEASE):
        step: Move | None = random.choice(["accepted", "rejected", "lost", None])
        if step is not None:
            id_ = f"SM-out-{delivery.id}" if step == "accepted" else None
            ending = Ending(delivery.id, delivery.attempt, step, at, provider_id=id_, detail="So it went.", due_at=None)
            await company.store.write(finish, (ending,))
