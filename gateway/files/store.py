"""Bytes under their SHA-256. The contract for every kind of store (`s3.py` is another), and the local folder.

A store knows nothing of messages: who may put, get or delete is decided in the database (`store/files.py`). Equal
bytes are stored once; what was put lasts before `put` returns.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, Protocol

_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


def hash_of(content: bytes) -> str:
    """SHA-256, 64 hexadecimal digits: a file's only name."""
    return hashlib.sha256(content).hexdigest()


def path_of(hash_: str) -> str:
    """`ab/cd/abcd...`, below wherever a store has its files. Raises ValueError for what is no hash."""
    if _HASH.fullmatch(hash_) is None:
        raise ValueError("that is not a hash")
    return f"{hash_[:2]}/{hash_[2:4]}/{hash_}"


def hash_at(path: str) -> str | None:
    """The hash of the file at this path, or None where it is none of ours."""
    hash_ = path.rpartition("/")[2]
    return hash_ if _HASH.fullmatch(hash_) is not None and path == path_of(hash_) else None


class FileStore(Protocol):
    """Each call may fail with OSError: the disk is full, or the store is away."""

    async def put(self, content: bytes) -> str:
        """Store bytes for good, and answer their hash."""

    async def get(self, hash_: str) -> bytes | None:
        """The bytes, or None where there are none under this hash."""

    async def delete(self, hash_: str) -> None:
        """Forget these bytes; it is no error where there are none."""

    def hashes(self) -> AsyncIterator[str]:
        """The hash of each file, once, in no order. What is put or deleted meanwhile may be among them or not."""


class LocalFiles:
    """A FileStore in a folder: `ab/cd/abcd...`, made when it is first needed. Files are their owner's alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lasting: set[Path] = set()
        """Folders whose own names are known to outlive a power cut."""

    async def put(self, content: bytes) -> str:
        return await asyncio.to_thread(self._put, content)

    async def get(self, hash_: str) -> bytes | None:
        return await asyncio.to_thread(self._get, hash_)

    async def delete(self, hash_: str) -> None:
        await asyncio.to_thread(self._delete, hash_)

    async def hashes(self) -> AsyncIterator[str]:
        for first in range(256):  # a 256th at a time, however many there are
            for hash_ in await asyncio.to_thread(self._below, f"{first:02x}"):
                yield hash_

    def _put(self, content: bytes) -> str:
        hash_ = hash_of(content)
        path = self._path(hash_)
        if path.exists():  # it was synced before it got this name
            return hash_
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_name(f".{hash_}.{secrets.token_hex(8)}")
        try:
            _write(fresh, content)
            fresh.replace(path)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
        self._make_last(path.parent)
        return hash_

    def _make_last(self, folder: Path) -> None:
        """Once for each folder: that costs what storing a file does."""
        while folder not in self._lasting and folder != self._folder.parent:
            _sync_folder(folder.parent)
            self._lasting.add(folder)
            folder = folder.parent

    def _get(self, hash_: str) -> bytes | None:
        try:
            return self._path(hash_).read_bytes()
        except FileNotFoundError:
            return None

    def _delete(self, hash_: str) -> None:
        path = self._path(hash_)
        for left in (path, *path.parent.glob(f".{hash_}.*")):  # what a process left that died while it wrote
            left.unlink(missing_ok=True)

    def _below(self, first: str) -> list[str]:
        folders = (f"{first}/{second}" for second in _names(self._folder / first))
        paths = (f"{folder}/{name}" for folder in folders for name in _names(self._folder / folder))
        return [hash_ for path in paths if (hash_ := hash_at(path)) is not None]

    def _path(self, hash_: str) -> Path:
        return self._folder / path_of(hash_)


def _names(folder: Path) -> list[str]:
    """What is in a folder; nothing where none is. One that cannot be read is an error, for a list with gaps is none."""
    try:
        return os.listdir(folder)  # noqa: PTH208  only names are wanted
    except (FileNotFoundError, NotADirectoryError):
        return []


def _write(path: Path, content: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123  its mode
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """So that the name outlives a power cut as the bytes do (fsync(2))."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
