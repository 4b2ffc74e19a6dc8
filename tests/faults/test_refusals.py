"""What `teamline serve` refuses to begin with."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.faults.desk import Desk
from tests.gateway_process import DATABASE, free_port, run, write_config


def test_empty_token_file(tmp_path: Path) -> None:
    """An empty Twilio token in a file refuses to start, naming file, line and key."""
    write_config(tmp_path, free_port(), "http://127.0.0.1:9", {"token": "\n", "adapters/token": "\n"})
    ended = run(tmp_path, "serve")
    assert (1, "") == (ended.code, ended.out)
    assert ended.err.startswith("config/adapters/sms.toml:4: auth_token: ")
    assert "empty" in ended.err
    assert not (tmp_path / "var").exists()


def test_empty_token_variable(tmp_path: Path) -> None:
    """An empty Twilio token in the environment refuses to start, naming file, line and key."""
    write_config(tmp_path, free_port(), "http://127.0.0.1:9")
    path = tmp_path / "config/adapters/sms.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('file = "token"', 'env = "SMS_TOKEN"'), encoding="utf-8")
    ended = run(tmp_path, "serve", SMS_TOKEN="")
    assert (1, "") == (ended.code, ended.out)
    assert ended.err.startswith("config/adapters/sms.toml:4: auth_token: ")
    assert "empty" in ended.err


@pytest.fixture
def engine() -> str:
    return "sqlite"


async def test_private_files(desk: Desk) -> None:
    """What lies beside the database is for the user that serves it, the empty lock as well."""
    files = [path for path in (desk.gateway.folder / DATABASE).parent.iterdir() if path.is_file()]
    assert {0o600} == {path.stat().st_mode & 0o777 for path in files}


async def test_second_server(desk: Desk) -> None:
    """A second process on the same database refuses to start, and the first does not notice."""
    second = await desk.gateway.cli("serve", "--listen", f"127.0.0.1:{free_port()}")
    assert (1, "") == (second.code, second.out)
    assert "teamline: var/teamline.db is served by another process already; stop that gateway first\n" == second.err
    assert 200 == (await desk.text("Hello")).status


def test_port_in_use(tmp_path: Path) -> None:
    """A process whose address is taken says so in one line."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        write_config(tmp_path, port, "http://127.0.0.1:9")
        ended = run(tmp_path, "serve")
    assert (1, "") == (ended.code, ended.out)
    assert f"teamline: cannot listen on 127.0.0.1:{port}: address already in use\n" == ended.err
