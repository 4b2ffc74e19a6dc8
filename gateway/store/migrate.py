"""The schema moves forward only, by numbered files: migrations/NNNN_name.<engine>.sql, each in one transaction.

The database keeps the number, name and SHA-256 of each that it has seen. Refused: a database that has seen one this
code does not know, and a file that was changed after a database has seen it (write a new one instead).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final, Literal

from gateway.errors import DatabaseTooNew, Misuse

Engine = Literal["sqlite", "postgres"]

_FILE: Final = re.compile(r"(\d{4})_([a-z0-9_]+)\.([a-z]+)\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    version: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Hexadecimal, of the file as UTF-8."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations(engine: Engine, folder: Traversable | None = None) -> tuple[Migration, ...]:
    """Those of one engine in order; from the installed package unless told otherwise. Raises Misuse on a gap."""
    files = (folder or resources.files("gateway.store") / "migrations").iterdir()
    found = sorted(
        (
            Migration(int(match[1]), match[2], file.read_text(encoding="utf-8"))
            for file in files
            if (match := _FILE.fullmatch(file.name)) and match[3] == engine
        ),
        key=lambda migration: migration.version,
    )
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise Misuse(f"the migrations for {engine} are not numbered 1, 2, 3 ...")
    return tuple(found)


def missing(known: Sequence[Migration], seen: Mapping[int, str]) -> Sequence[Migration]:
    """Those yet to be applied to a database that has `seen` version -> SHA-256. Raises DatabaseTooNew and Misuse."""
    if len(seen) > len(known):
        raise DatabaseTooNew
    for migration in known[: len(seen)]:
        if seen.get(migration.version) != migration.sha256:
            raise Misuse(f"migration {migration.version:04}_{migration.name} was changed after this database saw it")
    return known[len(seen) :]
