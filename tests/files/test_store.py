"""Bytes in a folder under their hash: whole or not there, their owner's alone."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gateway.files.store import LocalFiles

BYTES = b"what a customer sent"
HASH = hashlib.sha256(BYTES).hexdigest()


def in_folder(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def full(_descriptor: int) -> None:
    """What a full disk says."""
    raise OSError(28, "No space left on device")


async def test_round(tmp_path: Path) -> None:
    """What is put can be got until it is deleted, and putting or deleting it twice is no error."""
    files = LocalFiles(tmp_path / "files")
    assert None is await files.get(HASH)
    assert (HASH, HASH) == (await files.put(BYTES), await files.put(BYTES))
    assert await files.get(HASH) == BYTES
    await files.delete(HASH)
    await files.delete(HASH)
    assert None is await files.get(HASH)


async def test_private(tmp_path: Path) -> None:
    """Files are readable by their owner alone, two folders deep, and nothing else lies beside them."""
    await LocalFiles(tmp_path / "files").put(BYTES)
    (path,) = in_folder(tmp_path)
    assert f"files/{HASH[:2]}/{HASH[2:4]}/{HASH}" == str(path.relative_to(tmp_path))
    assert 0o600 == path.stat().st_mode & 0o777
    assert 0o700 == path.parent.stat().st_mode & 0o777


async def test_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full leaves nothing behind, and what a process left that died goes with its file."""
    files = LocalFiles(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="space"):
            await files.put(BYTES)
    assert [] == in_folder(tmp_path)
    await files.put(BYTES)
    left = tmp_path / HASH[:2] / HASH[2:4] / f".{HASH}.0123"
    left.write_bytes(b"half")
    await files.delete(HASH)
    assert [] == in_folder(tmp_path)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "a" * 63, "A" * 64, "a" * 64 + "\n"])
async def test_no_paths(tmp_path: Path, name: str) -> None:
    """Nothing but a hash leads to a file."""
    with pytest.raises(ValueError, match="hash"):
        await LocalFiles(tmp_path).get(name)
