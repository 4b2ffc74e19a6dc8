"""Debian's Caddy with the Caddyfile that we ship, in front of something on 127.0.0.1; it never outlives its test.

The file is used as it is, but for its ports and for its certificates: those are made here, by an authority of its own.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from tests.processes import PATIENCE, free_port, until

ROOT: Final = Path(__file__).parent.parent
CADDY: Final = ROOT / ".cache/debian/bin/caddy"
CADDYFILE: Final = ROOT / "deploy/Caddyfile"
SITE: Final = "care.example.com"
"""The name that stands in the Caddyfile."""

_OPTIONS: Final = """{{
	admin off
	local_certs
	skip_install_trust
	default_bind 127.0.0.1
	http_port {http}
	https_port {https}
	storage file_system {storage}
"""
_AUTHORITY: Final = "pki/authorities/local/root.crt"


@dataclass(frozen=True, slots=True)
class Front:
    """The public side. `http` is a client for whom SITE is this machine."""

    url: str
    plain_url: str
    http: aiohttp.ClientSession


class _Here(AbstractResolver):
    """Every name is this machine."""

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        here, flags = "127.0.0.1", socket.AI_NUMERICHOST
        return [ResolveResult(hostname=host, host=here, port=port, family=socket.AF_INET, proto=0, flags=flags)]

    async def close(self) -> None:
        pass


def public(trusted: ssl.SSLContext) -> aiohttp.ClientSession:
    """A client that finds SITE, and every other name, on this machine, and keeps no cookies."""
    connector = aiohttp.TCPConnector(ssl=trusted, resolver=_Here())
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


@asynccontextmanager
async def caddy_process(folder: Path, upstream: int) -> AsyncIterator[Front]:
    """Caddy in front of a port of 127.0.0.1, once it answers."""
    http, https = free_port(), free_port()
    storage = folder / "storage"
    text = CADDYFILE.read_text(encoding="utf-8").replace("127.0.0.1:8080", f"127.0.0.1:{upstream}")
    text = text.replace("{\n", _OPTIONS.format(http=http, https=https, storage=storage), 1)
    (folder / "Caddyfile").write_text(text, encoding="utf-8")
    with (folder / "stderr").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            CADDY,
            *("run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"),
            env={"HOME": str(folder), "PATH": os.environ["PATH"]},
            stderr=log,
        )
    try:
        trusted = await until(lambda: _answers(process, storage / _AUTHORITY, https))
        async with public(trusted) as client:
            yield Front(f"https://{SITE}:{https}", f"http://{SITE}:{http}", client)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _answers(process: asyncio.subprocess.Process, authority: Path, port: int) -> ssl.SSLContext | None:
    """Who to trust, once there is a certificate to show."""
    assert process.returncode is None, "Caddy has ended"
    try:
        trusted = ssl.create_default_context(cafile=str(authority))
        opening = asyncio.open_connection("127.0.0.1", port, ssl=trusted, server_hostname=SITE)
        _, writer = await asyncio.wait_for(opening, PATIENCE)
    except OSError:  # no authority, no listener or no certificate yet
        return None
    writer.close()
    return trusted
