"""The files of the schema, of each engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import Misuse
from gateway.store.migrate import migrations


def test_files(tmp_path: Path) -> None:
    """Migrations are read by engine and in order, and a gap in their numbers is our bug."""
    for name in ("0002_b.sqlite.sql", "0001_a.sqlite.sql", "0001_a.postgres.sql", "README.md"):
        (tmp_path / name).write_text(f"-- {name}\n")
    assert [(1, "a"), (2, "b")] == [(each.version, each.name) for each in migrations("sqlite", tmp_path)]
    (tmp_path / "0002_b.sqlite.sql").rename(tmp_path / "0003_b.sqlite.sql")
    with pytest.raises(Misuse):
        migrations("sqlite", tmp_path)


def test_packaged() -> None:
    """The package brings its own migrations, for both engines."""
    assert ["start", "start"] == [migrations("sqlite")[0].name, migrations("postgres")[0].name]
