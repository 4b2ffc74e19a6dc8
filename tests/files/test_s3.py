"""An S3 store that is down, hangs, refuses or is not what it should be: always an OSError, soon, without our keys."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from gateway.app import open_gateway
from gateway.errors import ConfigError
from gateway.files import s3
from gateway.files.place import S3Place, look, open_files
from gateway.files.s3 import S3Files
from gateway.files.store import FileStore
from gateway.settings import load
from tests.files.s3_server import knowing_no_keys
from tests.files.test_contract import BYTES, HASH, KEY, listed, s3_place
from tests.gateway_process import free_port
from tests.outbox.provider import until

CALLS: dict[str, Callable[[FileStore], Awaitable[object]]] = {
    "put": lambda files: files.put(BYTES),
    "get": lambda files: files.get(HASH),
    "delete": lambda files: files.delete(HASH),
    "hashes": listed,
}
KEYS = "check files.access_key_id and its secret, and what that key may do"
every_call = pytest.mark.parametrize("call", CALLS)


def files_at(endpoint: str) -> S3Files:
    return S3Files(s3_place(endpoint, "files"))


class Stand:
    """A store that gives each request the next of its answers, and the last one ever after."""

    def __init__(self, *answers: tuple[int, str]) -> None:
        self.answers = list(answers)
        self.requests: list[web.BaseRequest] = []

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        status, text = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return web.Response(status=status, text=text, content_type="application/xml", headers={"ETag": '"x"'})

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.requests]


@asynccontextmanager
async def served(handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    app = web.Application(client_max_size=10**6)
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


async def failure(files: FileStore, call: str) -> OSError:
    """The error of a call, which says nothing of our keys and hides what the store said."""
    with pytest.raises(OSError) as caught:
        await CALLS[call](files)
    assert KEY.get_secret_value() not in "".join(traceback.format_exception(caught.value))
    return caught.value


@every_call
async def test_down(call: str) -> None:
    """Where nobody listens, every call fails."""
    error = await failure(files_at(f"http://127.0.0.1:{free_port()}"), call)
    said = "the file store cannot be reached, or fails; check files.endpoint, files.region and the network"
    assert (5, said) == (error.errno, error.strerror)


@every_call
async def test_hangs(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that takes a request and never answers is given up in the time that is set for it."""
    monkeypatch.setattr(s3, "ANSWER_SECONDS", 0.2)
    released = asyncio.Event()

    async def hang(_: web.BaseRequest) -> web.StreamResponse:
        await released.wait()
        return web.Response()

    async with served(hang) as endpoint:
        begun = asyncio.get_running_loop().time()
        assert isinstance(await failure(files_at(endpoint), call), TimeoutError)
        assert asyncio.get_running_loop().time() - begun < 2
        released.set()


async def test_hangs_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of which half comes is given up as well."""
    monkeypatch.setattr(s3, "ANSWER_SECONDS", 0.2)
    released = asyncio.Event()

    async def half(request: web.BaseRequest) -> web.StreamResponse:
        headers = {"Content-Length": "20", "ETag": '"x"', "Last-Modified": "Sun, 22 Nov 2026 06:00:00 GMT"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        await response.write(b"half of it")
        await released.wait()
        return response

    async with served(half) as endpoint:
        assert isinstance(await failure(files_at(endpoint), "get"), TimeoutError)
        released.set()


async def test_time_for_many_bytes() -> None:
    """The bound grows with the file, and stays far below the five minutes that an upload has."""
    assert 5.0 == s3.ANSWER_SECONDS
    assert 17.5 == s3.ANSWER_SECONDS + 25_000_000 / s3.BYTES_A_SECOND


@every_call
async def test_wrong_keys(call: str) -> None:
    """Keys that the store refuses fail every call, and are not repeated although the store does."""
    said = f"<Error><Code>SignatureDoesNotMatch</Code><Message>{KEY.get_secret_value()}</Message></Error>"
    async with served(Stand((403, said)).answer) as endpoint:
        error = await failure(files_at(endpoint), call)
    assert isinstance(error, PermissionError)
    assert f"the file store refuses our keys, or they may not do this; {KEYS}" == error.strerror


@every_call
async def test_no_bucket(s3_endpoint: str, call: str) -> None:
    """A bucket that is not there is a failure, and never a file that is not there."""
    place = replace(s3_place(s3_endpoint, "files"), bucket="no-such-bucket")
    error = await failure(S3Files(place), call)
    assert "the file store has no such bucket; make it there, or correct files.url" == error.strerror


async def test_a_look(s3_endpoint: str) -> None:
    """One look tells in the log, without our keys, why a place cannot be used: no bucket, keys that are refused, nobody
    there; and nothing of one that can."""
    good = s3_place(s3_endpoint, "files")
    away = replace(good, endpoint=f"http://127.0.0.1:{free_port()}")
    assert [] == await _said(good)
    assert ["no such bucket"] == await _said(replace(good, bucket="no-such-bucket"))
    assert ["cannot be reached"] == await _said(away)
    with knowing_no_keys(s3_endpoint):
        assert ["refuses our keys"] == await _said(good)


CONFIG = """
[server]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
[database]
url = "sqlite:///{folder}/teamline.db"
[files]
url = "s3://no-such-bucket/files"
endpoint = "{endpoint}"
access_key_id = {{ env = "KEY" }}
secret_access_key = {{ env = "KEY" }}
"""
TEAMS = '[[team]]\nid = "denver"\nname = "Front Range"\ntimezone = "America/Denver"\n'


async def test_at_start(tmp_path: Path, s3_endpoint: str) -> None:
    """A gateway whose bucket is missing serves, and says so in its log without being asked for a file."""
    gateway = CONFIG.format(port=free_port(), folder=tmp_path, endpoint=s3_endpoint)
    (tmp_path / "gateway.toml").write_text(gateway, encoding="utf-8")
    (tmp_path / "teams.toml").write_text(TEAMS, encoding="utf-8")
    settings = load(tmp_path, {"KEY": KEY.get_secret_value()})
    with capture_logs() as logs:
        async with open_gateway(settings):
            await until(lambda: any(log["event"] == "files.unusable" for log in logs))
    (told,) = [log for log in logs if log["event"] == "files.unusable"]
    assert "the file store has no such bucket; make it there, or correct files.url" == told["why"]


async def _said(place: S3Place) -> list[str]:
    """Which of these reasons the log has."""
    with capture_logs() as logs:
        await look(place, open_files(place))
    assert KEY.get_secret_value() not in str(logs)
    assert {(place.url, "warning")} >= {(log["place"], log["log_level"]) for log in logs}
    reasons = ("no such bucket", "refuses our keys", "cannot be reached")
    return [reason for reason in reasons for log in logs if reason in log["why"]]


async def test_a_hiccup_is_tried_again() -> None:
    """A store that is busy for a moment is asked again, and nobody notices."""
    stand = Stand((503, "<Error><Code>SlowDown</Code></Error>"), (404, ""), (503, ""), (200, ""))
    async with served(stand.answer) as endpoint:
        assert HASH == await files_at(endpoint).put(BYTES)
    assert ["HEAD", "HEAD", "PUT", "PUT"] == stand.methods


async def test_where_it_is(s3_endpoint: str) -> None:
    """A file's key is the prefix, two levels of its hash, and the hash."""
    files = files_at(s3_endpoint)
    await files.put(BYTES)
    whole = S3Files(s3_place(s3_endpoint, ""))
    assert BYTES == (await (await whole._store.get_async(f"files/{HASH[:2]}/{HASH[2:4]}/{HASH}")).bytes_async())


async def _asked(place: S3Place) -> web.BaseRequest:
    stand = Stand((404, ""))
    async with served(stand.answer) as endpoint:
        assert None is await open_files(replace(place, endpoint=endpoint)).get(HASH)
    return stand.requests[0]


async def test_ours_win(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the config says stands against the environment, and no session of another key's is mixed in."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"):
        monkeypatch.setenv(name, "theirs")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{free_port()}")
    request = await _asked(replace(s3_place("", "files"), region="eu-north-1"))
    credential = request.headers["Authorization"].partition("Credential=")[2]
    assert ["any key will do", "eu-north-1"] == [credential.split("/")[0], credential.split("/")[2]]
    assert "X-Amz-Security-Token" not in request.headers


async def test_the_machines_own_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without keys, those of the environment are used, with their session."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "theirs")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session")
    request = await _asked(S3Place("teamline"))
    assert "Credential=theirs/" in request.headers["Authorization"]
    assert "session" == request.headers["X-Amz-Security-Token"]


def test_an_environment_that_makes_no_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment says of S3 and cannot be meant is a fault, in one line."""
    monkeypatch.setenv("AWS_S3_EXPRESS", "maybe")
    with pytest.raises(ConfigError) as caught:
        open_files(S3Place("teamline"))
    assert "environment:0: AWS_*: has a value that S3 clients cannot use; correct or unset it" == str(caught.value)


def test_a_place_hides_its_keys() -> None:
    """Neither a place nor the store made of it shows a key when it is printed."""
    place = s3_place("http://127.0.0.1:1", "files")
    assert KEY.get_secret_value() not in repr(place) + repr(S3Files(place)._store)
    assert "s3://teamline/files" == place.url
