"""The folder's own rules, beside the contract of every store: whole or not there, their owner's alone."""

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
