"""What every test shares: nothing leaves this host, and what cannot run here is said.

The guard is a Python audit hook, so it sees each connect, datagram and name look-up of this process, whichever library
makes it. It does not see other processes (a gateway that a test starts, a browser) nor uvloop, which calls the system
itself: such tests point every address at 127.0.0.1, and run in-process code on asyncio's own loop, the default here.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import engines

ROOT = Path(__file__).parent.parent
UNPACKED = ROOT / ".cache/debian/bin"
NEEDS = {
    "chromium": Path("/usr/bin/chromium-headless-shell"),
    "all of chromium": Path("/usr/bin/chromium"),
    "axe": ROOT / ".cache/npm/node_modules/axe-core/axe.min.js",
    "segments": ROOT / ".cache/npm/node_modules/sms-segments-calculator/package.json",
    "web-push-testing": ROOT / ".cache/npm/node_modules/web-push-testing/package.json",
    "systemd-analyze": Path("/usr/bin/systemd-analyze"),
    "caddy": UNPACKED / "caddy",
    "nginx": UNPACKED / "nginx",
    "haproxy": UNPACKED / "haproxy",
    "pgbouncer": UNPACKED / "pgbouncer",
    "postgresql": ROOT if os.environ.get("TEAMLINE_TEST_POSTGRES") else UNPACKED / "postgres",
    "postgresql-server": UNPACKED / "postgres",
}
"""What a test may need beyond Python (`make test` installs it), for `@pytest.mark.needs("chromium", "axe")`.

`postgresql` is for databases wherever they are, `postgresql-server` for servers of one's own (`tests/postgres.py`).
"""

LONGEST = ("journeys", "faults", "pages", "cli")
"""Folders with files that take a worker minutes: begun at the end, one would leave the other idle."""

LONG = {
    "tests/http/": "postgresql",
    "tests/cli/": "postgresql",
    "tests/outbox/": "postgresql",
    "tests/journeys/test_hour.py": "",
    "tests/journeys/": "postgresql|in_a_browser",
    "tests/pages/": r"/test_(hostile|search|demo_page|segments|flood|keys|files|ways|leaving|phone|desk|chat_files"
    r"|chat_network|push_\w+|\w+_look|booking_\w+)\.py",
    "tests/store/postgres/test_network.py": "",
    "tests/test_pgbouncer.py": "",
    "tests/test_readme_scale.py": "",
}
"""Tests that CI leaves out to stay within its quarter of an hour, by where they are and by a pattern of their ids.
Their like has run on SQLite, and PostgreSQL under them in tests of actions, nodes and faults. `make test` by hand runs
all."""

_CI = os.environ.get("CI") == "true"
_escapes: list[str] = []
_HERE = {"", "localhost", socket.gethostname()}
_left_out = 0


class LeftTheHostError(RuntimeError):
    """A test reached for another host."""


def _is_here(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name is None or name in _HERE:
        return True
    try:
        address = ipaddress.ip_address(str(name).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _guard(event: str, args: tuple[Any, ...]) -> None:
    if not event.startswith("socket."):
        return
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        sock, address = args
        away = isinstance(address, tuple) and sock.family != socket.AF_UNIX and not _is_here(address[0])
    else:
        away = event in {"socket.getaddrinfo", "socket.gethostbyname"} and not _is_here(args[0])
    if away:
        _escapes.append(f"{event}{args}")
        raise LeftTheHostError(_escapes[-1])


sys.addaudithook(_guard)


@pytest.fixture(autouse=True)
def escapes() -> Iterator[list[str]]:
    """Fails the test that reached for another host, also when the code under test swallowed the refusal."""
    _escapes.clear()
    yield _escapes
    assert [] == _escapes


@pytest.fixture(autouse=True)
def dropped(request: pytest.FixtureRequest) -> Iterator[None]:
    """The PostgreSQL databases of a test go with it."""
    folder = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    if folder is not None:
        engines.drop(folder)


def _rank(item: pytest.Item) -> int:
    """Among the folders of LONGEST, or after them."""
    folder = item.path.parent.relative_to(ROOT / "tests").parts[:1]
    return LONGEST.index(folder[0]) if folder and folder[0] in LONGEST else len(LONGEST)


def _missing() -> list[str]:
    return [need for need, path in NEEDS.items() if not path.exists()]


def _wants(item: pytest.Item) -> set[str]:
    """What is missing for this test."""
    return {need for mark in item.iter_markers("needs") for need in mark.args if not NEEDS[need].exists()}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(*what): what this test needs beyond Python, by its key in NEEDS")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest first, so that two workers end together. What cannot run here goes; in CI it stays, and fails, and
    what is long goes."""
    global _left_out  # noqa: PLW0603  one run, one count
    items.sort(key=_rank)
    out = [item for item in items if (_is_long(item) if _CI else _wants(item))]
    items[:] = [item for item in items if item not in out]
    config.hook.pytest_deselected(items=out)
    _left_out = len(out)


def _is_long(item: pytest.Item) -> bool:
    return any(item.nodeid.startswith(place) and re.search(what, item.nodeid) for place, what in LONG.items())


def pytest_runtest_setup(item: pytest.Item) -> None:
    if _wants(item):
        pytest.fail(f"it needs {' and '.join(sorted(_wants(item)))}, which this machine has not", pytrace=False)


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = _left_out


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Under xdist only the workers collect, each of them everything."""
    global _left_out  # noqa: PLW0603
    _left_out = max(_left_out, getattr(node, "workeroutput", {}).get("left_out", 0))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _left_out:
        why = "which are long and not for CI" if _CI else f"for want of {' and '.join(_missing())}"
        terminalreporter.write_line(f"NOT RUN HERE: {_left_out} tests, {why}", yellow=True)
