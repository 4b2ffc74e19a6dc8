"""What every kind of file store keeps to, on a folder and on S3."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from gateway.files import s3
from gateway.files.place import Place, S3Place, open_files
from gateway.files.store import FileStore, hash_of
from tests.files.s3_server import BUCKET

BYTES = b"what a customer sent"
HASH = hash_of(BYTES)
KEY = SecretStr("any key will do")


def s3_place(endpoint: str, prefix: str) -> S3Place:
    return S3Place(BUCKET, prefix, endpoint=endpoint, region="us-east-1", access_key_id=KEY, secret_access_key=KEY)


@pytest.fixture(params=["folder", "s3", "whole bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Empty; a whole bucket is made so, for it has no prefix of the test's own."""
    if request.param == "folder":
        return tmp_path / "files"
    endpoint: str = request.getfixturevalue("s3_endpoint")
    return s3_place(endpoint, f"{uuid4()}/files" if request.param == "s3" else "")


@pytest.fixture
async def files(place: Place) -> FileStore:
    store = open_files(place)
    for hash_ in await listed(store):
        await store.delete(hash_)
    return store


async def listed(files: FileStore) -> list[str]:
    return sorted([hash_ async for hash_ in files.hashes()])


async def test_round(files: FileStore) -> None:
    """What is put can be got until it is deleted, and putting or deleting it twice is no error."""
    assert None is await files.get(HASH)
    assert (HASH, HASH) == (await files.put(BYTES), await files.put(BYTES))
    assert await files.get(HASH) == BYTES
    await files.delete(HASH)
    await files.delete(HASH)
    assert None is await files.get(HASH)


async def test_nothing(files: FileStore) -> None:
    """An empty file is a file."""
    assert await files.get(await files.put(b"")) == b""


async def test_equal_bytes_at_once(files: FileStore) -> None:
    """Twenty who put the same bytes at the same time have put one file."""
    assert [HASH] * 20 == await asyncio.gather(*(files.put(BYTES) for _ in range(20)))
    assert await files.get(HASH) == BYTES
    assert [HASH] == await listed(files)


async def test_a_large_file(files: FileStore) -> None:
    """25 MB come back as they went."""
    content = os.urandom(25_000_000)
    assert content == await files.get(await files.put(content))


async def test_a_second_opening(files: FileStore, place: Place) -> None:
    """What was put is there for whoever opens the place next."""
    await files.put(BYTES)
    assert await open_files(place).get(HASH) == BYTES


async def test_hashes(files: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file that is there is listed once, over as many pages as it takes."""
    monkeypatch.setattr(s3, "PAGE", 2)
    assert [] == await listed(files)
    expected = sorted([await files.put(f"{number}".encode()) for number in range(7)])
    assert expected == await listed(files)
    await files.delete(expected[3])
    assert [*expected[:3], *expected[4:]] == await listed(files)


async def test_what_is_not_ours(files: FileStore, place: Place) -> None:
    """What else lies there is listed as nothing."""
    await files.put(BYTES)
    strangers = (f"{HASH[:2]}/{HASH[2:4]}/.{HASH}.0123", f"00/00/{HASH}", "read.me", f"{HASH[:2]}/{HASH[2:4]}/x")
    for name in strangers:
        await litter(place, name)
    assert [HASH] == await listed(files)


async def litter(place: Place, name: str) -> None:
    if isinstance(place, Path):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(b"not ours")
    else:
        await s3.S3Files(place)._store.put_async(name, b"not ours")


CALLS: dict[str, Callable[[FileStore, str], Awaitable[object]]] = {
    "get": lambda files, name: files.get(name),
    "delete": lambda files, name: files.delete(name),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", ["../../etc/passwd", "", "a" * 63, "A" * 64, "a" * 64 + "\n"])
async def test_no_paths(place: Place, name: str, call: str) -> None:
    """Nothing but a hash leads to a file."""
    with pytest.raises(ValueError, match="hash"):
        await CALLS[call](open_files(place), name)
