"""Debian's nginx and HAProxy with the files that we ship, before two nodes on 127.0.0.1; neither outlives its test.

The files are used as they are, but for ports, nodes, the places of certificates and logs, and the users that the
packages make. The certificate is made here.
"""

from __future__ import annotations

import asyncio
import datetime
import os
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.caddy_process import ROOT, SITE, Front, public
from tests.processes import PATIENCE, free_port, until

BINARIES: Final = ROOT / ".cache/debian/bin"
SHIPPED: Final = {"nginx": ROOT / "deploy/nginx.conf", "haproxy": ROOT / "deploy/haproxy.cfg"}
NODES: Final = ("10.0.0.11:8080", "10.0.0.12:8080")
"""As they stand in both files."""

_TEMPORARY: Final = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
_AROUND: Final = """{user}
daemon off;
master_process off;
pid {folder}/pid;
events {{ worker_connections 1024; }}
http {{
{temporary}
	include {folder}/teamline.conf;
}}
"""
"""What Debian's own /etc/nginx/nginx.conf is for, so that nothing of it lies outside of the test's folder."""


def configure(name: str, folder: Path, nodes: tuple[int, int], http: int, https: int) -> list[str]:
    """Write the shipped file for this test, and its certificate; the command that runs it in the foreground."""
    _make_certificate(folder)
    return _CONFIGURE[name](folder, nodes, http, https)


def _nginx(folder: Path, nodes: tuple[int, int], http: int, https: int) -> list[str]:
    changes = {
        "listen 443 ": f"listen 127.0.0.1:{https} ",
        "listen 80;": f"listen 127.0.0.1:{http};",
        "/etc/ssl/care.example.com/fullchain.pem": f"{folder}/certificate.pem",
        "/etc/ssl/care.example.com/privkey.pem": f"{folder}/key.pem",
        "/var/log/nginx/teamline.log": f"{folder}/error.log",
    }
    (folder / "teamline.conf").write_text(_changed("nginx", changes, nodes), encoding="utf-8")
    temporary = "\n".join(f"\t{kind}_temp_path {folder}/{kind};" for kind in _TEMPORARY)
    user = "user root;" if os.geteuid() == 0 else ""  # the package's own cannot look into the folders of tests
    around = _AROUND.format(user=user, folder=folder, temporary=temporary)
    (folder / "nginx.conf").write_text(around, encoding="utf-8")
    return [str(BINARIES / "nginx"), "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def _haproxy(folder: Path, nodes: tuple[int, int], http: int, https: int) -> list[str]:
    changes = {
        "    user haproxy\n    group haproxy\n    chroot /var/lib/haproxy\n": "",
        "maxconn 20000 ": "maxconn 1000 ",  # what an ordinary limit of open files allows
        "bind :80\n": f"bind 127.0.0.1:{http}\n",
        "bind :443 ": f"bind 127.0.0.1:{https} ",
        "/etc/haproxy/care.example.com.pem": f"{folder}/both.pem",
    }
    (folder / "haproxy.cfg").write_text(_changed("haproxy", changes, nodes), encoding="utf-8")
    return [str(BINARIES / "haproxy"), "-db", "-f", str(folder / "haproxy.cfg")]


_CONFIGURE: Final[Mapping[str, Callable[[Path, tuple[int, int], int, int], list[str]]]] = {
    "nginx": _nginx,
    "haproxy": _haproxy,
}


def _changed(name: str, changes: Mapping[str, str], nodes: tuple[int, int]) -> str:
    """The shipped text with these changes, each of which has its place in it."""
    text = SHIPPED[name].read_text(encoding="utf-8")
    places = {shipped: f"127.0.0.1:{port}" for shipped, port in zip(NODES, nodes, strict=True)}
    for old, new in {**changes, **places}.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


@asynccontextmanager
async def balancer_process(name: str, folder: Path, nodes: tuple[int, int]) -> AsyncIterator[Front]:
    """nginx or HAProxy in front of two ports of 127.0.0.1, once it answers."""
    http, https = free_port(), free_port()
    command = configure(name, folder, nodes, http, https)
    with (folder / "stderr").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, stderr=log)
    try:
        trusted = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
        await until(lambda: _answers(process, trusted, https))
        async with public(trusted) as client:
            yield Front(f"https://{SITE}:{https}", f"http://{SITE}:{http}", client)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _answers(process: asyncio.subprocess.Process, trusted: ssl.SSLContext, port: int) -> bool:
    assert process.returncode is None, "the balancer has ended"
    try:
        opening = asyncio.open_connection("127.0.0.1", port, ssl=trusted, server_hostname=SITE)
        _, writer = await asyncio.wait_for(opening, PATIENCE)
    except OSError:
        return False
    writer.close()
    return True


def _make_certificate(folder: Path) -> None:
    """For SITE, signed by itself, for an hour: `certificate.pem`, `key.pem`, and `both.pem` as HAProxy wants it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, SITE)])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(minutes=5))
    builder = builder.not_valid_after(now + datetime.timedelta(hours=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(SITE)]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for file, content in {"certificate.pem": certificate, "key.pem": secret, "both.pem": certificate + secret}.items():
        (folder / file).write_bytes(content)
