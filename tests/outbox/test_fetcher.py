"""Files that providers hold: shown when they are here, tried again when they may come, said to be lost when not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.channels.contract import FetchError
from gateway.channels.registry import Channels
from gateway.domain.message import Media
from gateway.files.intake import Intake, Limits
from gateway.files.store import LocalFiles
from gateway.outbox import fetcher
from gateway.outbox.fetcher import Fetcher
from tests.company import Company
from tests.files import samples
from tests.outbox.provider import Provider, configure, until

MEDIA = Media("https://provider.example/media/1", "image/jpeg")
PICTURE = samples.with_exif()


class Holder(Provider):
    """A provider that holds files; a test says what it answers."""

    def __init__(self) -> None:
        super().__init__()
        self.capabilities = replace(self.capabilities, max_files=10)
        self.asked_for: list[str] = []
        self.most = 0
        self.at_once = 0
        self.answer: Callable[[], Awaitable[bytes]] = self.picture

    async def picture(self) -> bytes:
        return PICTURE

    async def fetch(self, media: Media, most: int) -> bytes:
        self.asked_for.append(media.url)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            return await self.answer()
        finally:
            self.at_once -= 1


class Post:
    """A company, its files and a fetcher."""

    def __init__(self, company: Company, folder: Path) -> None:
        self.company, self.channels, self.holder = company, Channels(), Holder()
        self.intake = Intake(LocalFiles(folder), lambda: Limits(max_pixels=1_000_000))
        self.fetcher = self.make()

    def make(self) -> Fetcher:
        company = self.company
        return Fetcher(company.store, self.channels, self.intake, company.doorbell, company.clock)

    async def start(self, **others: Provider) -> None:
        await configure(self.channels, {"sms": self.holder, **others})
        await self.fetcher.start(only_node=True)

    async def rows(self) -> list[dict[str, Any]]:
        names = ("state", "name", "type", "detail", "tries", "due_at", "hash", "source_url", "width")
        found = await self.company.rows(f"SELECT {', '.join(names)} FROM attachment ORDER BY id")
        return [dict(zip(names, row, strict=True)) for row in found]

    async def until(self, **facts: Any) -> dict[str, Any]:
        """Wait until the first attachment is so."""

        async def so() -> bool:
            return (await self.rows())[0].items() >= facts.items()

        await until(so)
        return (await self.rows())[0]


@pytest.fixture
async def post(company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Post]:
    monkeypatch.setattr(fetcher, "POLL", 0.02)
    monkeypatch.setattr(fetcher, "GAP", 0.0)
    made = Post(company, tmp_path / "files")
    yield made
    await made.fetcher.close()
    await made.channels.close()
    made.intake.close()


async def test_fetched(post: Post) -> None:
    """The text is there at once and its picture soon after; whoever has the thread open is told."""
    text = await post.company.text(media=(MEDIA,))
    (waiting,) = await post.rows()
    assert ("waiting", "picture.jpg", "image/jpeg") == (waiting["state"], waiting["name"], waiting["type"])
    await post.start()
    ready = await post.until(state="ready")
    assert (64, None, None) == (ready["width"], ready["due_at"], ready["source_url"])
    stored = await post.intake.store.get(ready["hash"])
    assert stored is not None
    assert not samples.opened(stored).getexif()
    events = await post.company.rows("SELECT thread_id, data FROM event WHERE kind = 'attachment.changed'")
    assert [(text.thread, f'{{"message":{text.message}}}')] == events


async def test_several(post: Post) -> None:
    """Files of one message keep their order, and the message says how many it has."""
    await post.company.text(media=(MEDIA, Media("https://provider.example/2", "application/pdf")))
    assert [(2,)] == await post.company.rows("SELECT files FROM message")
    rows = await post.company.rows("SELECT position, name FROM attachment ORDER BY id")
    assert [(0, "picture.jpg"), (1, "file.pdf")] == rows


async def test_texts_without(post: Post) -> None:
    """A text without files has none, and nothing is fetched for it; one that comes twice has its files once."""
    await post.company.text()
    assert [] == await post.rows()
    arrival = post.company.arrival(media=(MEDIA,))
    await post.company.take(arrival)
    await post.company.take(arrival)
    assert 1 == len(await post.rows())


async def test_again(post: Post) -> None:
    """A fetch that may succeed later is made again when it is due, and not before."""
    fails = iter([FetchError("the provider is away", again=True)])

    async def answer() -> bytes:
        if error := next(fails, None):
            raise error
        return PICTURE

    post.holder.answer = answer
    await post.company.text(media=(MEDIA,))
    await post.start()
    await until(lambda: len(post.holder.asked_for) == 1)
    await post.until(tries=1, state="waiting")
    post.company.clock.tick(3_600)
    assert 2 == (await post.until(state="ready"))["tries"]


UNFETCHED, REFUSED = "a picture could not be fetched: ", "a picture was not taken: "
REFUSALS: dict[str, tuple[Exception | bytes, str, str]] = {
    "not there": (FetchError("the provider lost it", again=False), UNFETCHED, "the provider lost it"),
    "too large": (bytes(26_000_000), UNFETCHED, "too large"),
    "markup": (b"<svg onload=alert(1)>", REFUSED, "files of this kind are not taken"),
    "bomb": (samples.png_bomb(), REFUSED, "more than can be taken"),
    "cut short": (PICTURE[:300], REFUSED, "damaged or cut short"),
}


@pytest.mark.parametrize("what", REFUSALS)
async def test_given_up(post: Post, what: str) -> None:
    """What will not come, and what must not be kept, is said in the thread, and not asked for again."""
    result, start, words = REFUSALS[what]

    async def answer() -> bytes:
        if isinstance(result, Exception):
            raise result
        return result

    post.holder.answer = answer
    await post.company.text(media=(MEDIA,))
    await post.start()
    failed = await post.until(state="failed", due_at=None)
    assert failed["detail"].startswith(start)
    assert words in failed["detail"]
    assert 1 == len(await post.company.rows("SELECT seq FROM event WHERE kind = 'attachment.changed'"))


async def test_at_last(post: Post) -> None:
    """After about an hour of tries it is given up."""

    async def answer() -> bytes:
        raise FetchError("the provider is away", again=True)

    post.holder.answer = answer
    await post.company.text(media=(MEDIA,))
    await post.company.sql("UPDATE attachment SET tries = 19")
    await post.start()
    assert 20 == (await post.until(state="failed"))["tries"]


async def test_an_adapters_mistake(post: Post) -> None:
    """An adapter that breaks is asked again later, and the fetcher lives on."""

    async def answer() -> bytes:
        raise RuntimeError

    post.holder.answer = answer
    await post.company.text(media=(MEDIA,))
    await post.start()
    await post.until(tries=1)
    post.holder.answer = post.holder.picture
    post.company.clock.tick(3_600)
    await post.until(state="ready")


async def test_restart(post: Post) -> None:
    """A fetch that died with its process is made anew at the next start."""
    hang = asyncio.Event()

    async def answer() -> bytes:
        await hang.wait()
        return PICTURE

    post.holder.answer = answer
    await post.company.text(media=(MEDIA,))
    await post.start()
    await until(lambda: len(post.holder.asked_for) == 1)
    await post.fetcher.close()
    assert "waiting" == (await post.rows())[0]["state"]
    post.holder.answer = post.holder.picture
    post.fetcher = post.make()
    await post.fetcher.start(only_node=True)
    await post.until(state="ready")


async def test_bounded(post: Post) -> None:
    """A channel has four fetches under way at most, and one that hangs holds up no other."""
    hang, other = asyncio.Event(), Holder()

    async def answer() -> bytes:
        await hang.wait()
        return PICTURE

    post.holder.answer = answer
    for _ in range(6):
        await post.company.text(media=(MEDIA,))
    await post.company.text(sender="+13035550199", channel="chat", media=(MEDIA,))
    await post.start(chat=other)
    await until(lambda: len(other.asked_for) == 1)
    await until(lambda: post.holder.at_once == 4)
    hang.set()
    await until(lambda: len(post.holder.asked_for) == 6)
    assert 4 == post.holder.most


async def test_a_senders_word(post: Post) -> None:
    """The words for a type that a sender chose are never more than a type."""
    await post.company.text(media=(Media("https://provider.example/1", "<script>alert(1)</script>"),))
    (row,) = await post.rows()
    assert ("application/octet-stream", "file") == (row["type"], row["name"])


async def test_lost_channel(post: Post) -> None:
    """A file of a channel that is not configured waits for it."""
    await post.company.text(channel="gone", media=(MEDIA,))
    await post.start()
    await post.company.text(media=(MEDIA,))
    await until(lambda: len(post.holder.asked_for) == 1)
    row = (await post.rows())[0]
    assert ("waiting", 0) == (row["state"], row["tries"])
