"""Uploads that nobody names go after a day, and bytes go when nothing names them, never before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.actions import attach
from gateway.actions.attach import LOOSE_FOR, Upload
from gateway.channels.contract import Capabilities
from gateway.domain.attachment import Owner
from gateway.errors import Unavailable
from gateway.files.intake import Harmless, Intake, Limits
from gateway.files.store import LocalFiles, hash_of
from gateway.store import attachments, files
from gateway.store.files import HELD, TAKEN
from gateway.store.store import Tx
from tests.company import FRONT, SECOND, Company, Person, company, engine
from tests.files import samples

__all__ = ["company", "engine"]

TEXT = b"Serial 4711"
HASH = hash_of(TEXT)


class Cellar:
    """A company with one agent and a folder."""

    def __init__(self, company: Company, person: Person, folder: Path) -> None:
        self.company, self.person, self.folder = company, person, folder
        self.intake = Intake(LocalFiles(folder), Limits)

    async def examine(self, content: bytes = TEXT) -> Harmless:
        return await self.intake.examine(content, "a.txt")

    async def upload(self, content: bytes = TEXT) -> int:
        kept = await attach.keep(self.company.store, self.intake, await self.examine(content), self.company.clock())
        return await self.name(kept)

    async def name(self, kept: attachments.Kept) -> int:
        async def who(tx: Tx) -> Owner:
            return Owner.of_agent(self.person.id)

        order = Upload(who, kept, None, b"", self.company.clock())
        return int((await self.company.store.write(attach.upload, order))["id"])

    async def sweep(self, seconds: float = 0) -> None:
        await attach.sweep(self.company.store, self.intake, self.company.clock.tick(seconds))

    async def is_there(self, hash_: str = HASH) -> bool:
        return await self.intake.store.get(hash_) is not None

    async def send(self, *ids: int) -> None:
        text = await self.company.text()
        able = {"sms": Capabilities(max_files=9, max_file_bytes=10**6)}
        await self.company.reply(self.person.secret, text.thread, "Look", channels=able, attachments=ids)


DAY = LOOSE_FOR / SECOND + 1
HOUR = HELD / SECOND + 1


@pytest.fixture
async def cellar(company: Company, tmp_path: Path) -> AsyncIterator[Cellar]:
    made = Cellar(company, await company.hire("ana", FRONT), tmp_path / "files")
    yield made
    made.intake.close()


async def test_a_day(cellar: Cellar) -> None:
    """An upload that no message names is there for a day, then it goes, with its bytes and its thumbnail's."""
    await cellar.upload(samples.picture(size=(900, 600)))
    await cellar.sweep(DAY - 10)
    assert 2 == len(await cellar.company.rows("SELECT hash FROM file"))
    await cellar.sweep(20)
    await cellar.sweep(HOUR)
    assert [] == await cellar.company.rows("SELECT hash FROM file")
    assert [] == [path for path in cellar.folder.rglob("*") if path.is_file()]


async def test_named(cellar: Cellar) -> None:
    """What a message names stays."""
    await cellar.send(await cellar.upload())
    for _ in range(3):
        await cellar.sweep(DAY)
    assert await cellar.is_there()


async def test_equal_bytes(cellar: Cellar) -> None:
    """Bytes that two uploads share stay while one of them is named."""
    named, _ = await cellar.upload(), await cellar.upload()
    await cellar.send(named)
    for _ in range(3):
        await cellar.sweep(DAY)
    assert await cellar.is_there()
    assert 1 == len(await cellar.company.rows("SELECT id FROM attachment"))


async def test_never_named(cellar: Cellar) -> None:
    """Bytes whose upload died before anything named them go after an hour."""
    await attach.keep(cellar.company.store, cellar.intake, await cellar.examine(), cellar.company.clock())
    await cellar.sweep(HOUR / 2)
    assert await cellar.is_there()
    await cellar.sweep(HOUR)
    assert not await cellar.is_there()


async def test_upload_meets_sweep(cellar: Cellar) -> None:
    """An upload that begins while the last row with its bytes goes keeps them."""
    await cellar.upload()
    cellar.company.clock.tick(DAY)
    kept = await attach.keep(cellar.company.store, cellar.intake, await cellar.examine(), cellar.company.clock())
    await cellar.sweep(10)
    assert await cellar.is_there()
    await cellar.send(await cellar.name(kept))
    for _ in range(3):
        await cellar.sweep(DAY)
    assert await cellar.is_there()


async def test_upload_during_deletion(cellar: Cellar) -> None:
    """Bytes that are being deleted cannot be stored again until they are gone, and then they can."""
    await attach.keep(cellar.company.store, cellar.intake, await cellar.examine(), cellar.company.clock())
    cellar.company.clock.tick(HOUR)
    assert [HASH] == await cellar.company.store.write(files.take_unnamed, cellar.company.clock())
    with pytest.raises(Unavailable):
        await cellar.upload()
    await cellar.sweep()
    assert await cellar.is_there()  # whoever has taken them may still be at it
    await cellar.sweep(TAKEN / SECOND)  # no more: this one ends its work
    await cellar.upload()
    assert await cellar.is_there()


async def test_too_late(cellar: Cellar) -> None:
    """An upload that took so long that its bytes are gone is not named, but refused."""
    kept = await attach.keep(cellar.company.store, cellar.intake, await cellar.examine(), cellar.company.clock())
    await cellar.sweep(HOUR)
    with pytest.raises(Unavailable):
        await cellar.name(kept)


async def test_a_full_disk(cellar: Cellar, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full is "not now", and nothing names what is not there."""

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("gateway.files.store.os.fsync", full)
        with pytest.raises(Unavailable):
            await cellar.upload()
    assert [] == await cellar.company.rows("SELECT id FROM attachment")
