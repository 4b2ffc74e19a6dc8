"""One process serves a SQLite file. Whoever needs it alone takes the same lock."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import Unavailable


@contextmanager
def only_server(path: Path) -> Iterator[None]:
    """The lock is on a file of its own, since touching the database's would drop SQLite's locks; it goes with the
    process, however that ends. Raises Unavailable while another process has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    held = path.with_name(f"{path.name}-serving")
    held.touch(mode=0o600)
    held.chmod(0o600)  # one that was there already
    with held.open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Unavailable(f"{path} is served by another process already; stop that gateway first") from None
        yield
