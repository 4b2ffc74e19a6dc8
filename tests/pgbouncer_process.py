"""Debian's PgBouncer with the file that we ship, in front of a database of the tests; it never outlives its test.

The file is used as it is, but for places and ports; `changes` are further ones. It refuses to be root, and then is
`nobody` in a folder of its own.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tests.postgres import BINARIES
from tests.processes import free_port, until

INI: Final = Path(__file__).parent.parent / "deploy/pgbouncer.ini"
PASSWORD: Final = "secret-of-the-pooler"


@asynccontextmanager
async def pgbouncer_process(database: str, changes: Mapping[str, str] = {}) -> AsyncIterator[str]:
    """The URL by which the database is reached through it, without PASSWORD, once it takes connections."""
    there, port = urlsplit(database), free_port()
    folder = Path(tempfile.mkdtemp(prefix="teamline-pgbouncer-"))
    try:
        places = {
            "host=10.0.0.21 port=5432": f"host={there.hostname} port={there.port}",
            "dbname=teamline": f"dbname={there.path[1:]}",
            "6432": str(port),
            "/etc/pgbouncer": str(folder),
            "auth_type": "unix_socket_dir =\nauth_type",
        }
        text = INI.read_text(encoding="utf-8")
        for old, new in {**places, **changes}.items():
            assert old in text, old
            text = text.replace(old, new)
        (folder / "pgbouncer.ini").write_text(text, encoding="utf-8")
        (folder / "userlist.txt").write_text(f'"{there.username}" "{PASSWORD}"\n', encoding="utf-8")
        async with _running(folder, port):
            yield f"postgresql://{there.username}@127.0.0.1:{port}/teamline"
    finally:
        shutil.rmtree(folder)


@asynccontextmanager
async def _running(folder: Path, port: int) -> AsyncIterator[None]:
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            BINARIES / "pgbouncer", "-q", "pgbouncer.ini", cwd=folder, stderr=log, **who
        )
    try:
        await until(lambda: _listens(process, port))
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _listens(process: asyncio.subprocess.Process, port: int) -> bool:
    assert process.returncode is None, "PgBouncer has ended"
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
