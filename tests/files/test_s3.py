"""An S3 store that is down, hangs, refuses or is not what it should be: always an OSError, soon, without our keys."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.errors import ConfigError
from gateway.files import s3
from gateway.files.place import S3Place, open_files
from gateway.files.s3 import S3Files
from gateway.files.store import FileStore
from tests.files.test_contract import BYTES, HASH, KEY, listed, s3_place
from tests.gateway_process import free_port

CALLS: dict[str, Callable[[FileStore], Awaitable[object]]] = {
    "put": lambda files: files.put(BYTES),
    "get": lambda files: files.get(HASH),
    "delete": lambda files: files.delete(HASH),
    "hashes": listed,
}
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
    assert "[Errno 5] the file store cannot be reached, or fails" == str(error)


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
    assert isinstance(error, PermissionError) or call == "hashes"


@every_call
async def test_no_bucket(s3_endpoint: str, call: str) -> None:
    """A bucket that is not there is a failure, and never a file that is not there."""
    place = replace(s3_place(s3_endpoint, "files"), bucket="no-such-bucket")
    await failure(S3Files(place), call)


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
