"""The file of a backup: a tar that any machine can open, whose last member tells the hash of every other.

    manifest.json             what it is, of when, by which version; tables with their columns and counts of rows
    tables/<table>/000000.gz  rows of a table, each a line of JSON; tables in an order that references allow
    files/ab/cd/<hash>        the files of messages, as the file store has them
    SHA256SUMS                `sha256sum --check` reads it; a backup without it was cut off

Nothing of a backup is believed before the whole of it was compared with the hashes.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Final

import orjson

from gateway.errors import Invalid, Unavailable
from gateway.store.backup.layout import Table, layout, newest
from gateway.store.backup.rows import Rows, decode, encode

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
SUMS: Final = "SHA256SUMS"
FILES: Final = "files/"
_TABLES: Final = "tables/"
_LEVEL: Final = 1
"""Of compression: the next ones take twice the time for a tenth less."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself before anything else."""

    format: int
    teamline: str
    """The version that made it."""
    schema: dict[str, int]
    """Its newest migration on each engine."""
    engine: str
    """Whose database it was; it may become either one's."""
    at: int
    """Of when it is: microseconds since 1970."""
    tables: dict[str, dict[str, str]]
    """Name -> column -> type, in order."""
    rows: dict[str, int]
    files: int
    """How many the database names. Those that could not be read are not among the members."""

    @property
    def layout(self) -> tuple[Table, ...]:
        return layout(self.schema["sqlite"])


class Archive:
    """A backup that is being written."""

    def __init__(self, file: BinaryIO, manifest: Manifest) -> None:
        self._tar = tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115  see `close`
        self._sums = bytearray()
        self._at = manifest.at // 1_000_000
        self._parts: dict[str, int] = {}
        self._add(MANIFEST, orjson.dumps(asdict(manifest), option=orjson.OPT_INDENT_2))

    def add_rows(self, table: Table, rows: Rows) -> None:
        part = self._parts[table.name] = self._parts.get(table.name, -1) + 1
        self._add(f"{_TABLES}{table.name}/{part:06}.gz", gzip.compress(encode(table, rows), _LEVEL, mtime=0))

    def add_file(self, path: str, content: bytes) -> None:
        """`path` as a file store has it."""
        self._add(f"{FILES}{path}", content)

    def close(self) -> None:
        """The last member: from now on it is whole."""
        self._add(SUMS, bytes(self._sums))
        self._tar.close()

    def _add(self, name: str, content: bytes) -> None:
        self._sums += _sum(name, content)
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = len(content), 0o600, self._at
        self._tar.addfile(info, io.BytesIO(content))
        self._tar.members = []  # type: ignore[attr-defined]  # it would keep a note of each: millions, where there are millions of files


@dataclass(frozen=True, slots=True)
class Backup:
    """A file that was read to its end and is what was written. Reading it raises Unavailable."""

    path: Path
    manifest: Manifest
    files: frozenset[str]
    """Paths of its files, as a file store has them."""

    def rows(self) -> Iterator[tuple[Table, Rows]]:
        """Part by part, in an order that references allow. Raises Invalid."""
        tables = {table.name: table for table in self.manifest.layout}
        for name, content in _members(self.path):
            if name.startswith(_TABLES):
                table = tables[name.split("/")[1]]
                yield table, decode(table, gzip.decompress(content))

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """Path and bytes of each file."""
        for name, content in _members(self.path):
            if name.startswith(FILES):
                yield name.removeprefix(FILES), content


def check(path: Path) -> Backup:
    """Read all of it. Raises Invalid for what is no backup, a damaged one, or one of a newer Teamline; and
    Unavailable."""
    sums, files, manifest, whole = bytearray(), set[str](), None, False
    for name, content in _members(path):
        if manifest is None:
            manifest = _manifest(path, name, content)
        whole = name == SUMS and content == sums  # and nothing after it, which the sums would not name
        sums += _sum(name, content)
        if name.startswith(FILES):
            files.add(name.removeprefix(FILES))
    if manifest is None or not whole:
        raise Invalid(f"{path} is damaged, or was cut off: it is not what was written. Nothing was restored.")
    if {name: dict(table.columns) for name, table in _by_name(manifest).items()} != manifest.tables:
        raise Invalid(f"{path} has other tables than its version of Teamline")
    return Backup(path, manifest, frozenset(files))


def _by_name(manifest: Manifest) -> dict[str, Table]:
    return {table.name: table for table in manifest.layout}


def _manifest(path: Path, name: str, content: bytes) -> Manifest:
    """Of the first member."""
    try:
        facts = orjson.loads(content) if name == MANIFEST else {}
        manifest = Manifest(**facts)
        known = newest()
        is_newer = manifest.format > FORMAT or any(manifest.schema[engine] > known[engine] for engine in known)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Invalid(f"{path} is no backup of Teamline") from None
    if is_newer:
        raise Invalid(f"{path} was made by Teamline {manifest.teamline}, which is newer: restore it with that version")
    return manifest


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    """A part, or a file, is never more than the memory holds."""
    try:
        with tarfile.open(path, mode="r:") as tar:
            while (info := tar.next()) is not None:
                member = tar.extractfile(info) if info.isreg() else None
                if member is None:
                    raise Invalid(f"{path} has something in it that is no file")
                yield info.name, member.read()
                tar.members = []  # type: ignore[attr-defined]  # as above
    except (tarfile.TarError, EOFError):
        raise Invalid(f"{path} is no backup of Teamline, or is damaged") from None
    except OSError as error:  # told here: who fills a database meanwhile would blame that
        raise Unavailable(f"{path} cannot be read: {error.strerror or type(error).__name__}") from None


def _sum(name: str, content: bytes) -> bytes:
    """As `sha256sum` writes it."""
    return f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode()
