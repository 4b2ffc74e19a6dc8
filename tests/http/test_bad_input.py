"""Bad input to the API: a 4xx with a problem document, never a 500, whatever the bytes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.http.running import BASE, Desk, running

JSON = {"Content-Type": "application/json"}


async def _reply(desk: Desk, body: bytes, headers: dict[str, str] = JSON) -> tuple[int, Any]:
    await desk.text("hello")
    return await desk.call("ana", "POST", f"/threads/{await desk.thread('ana')}/messages", None, headers, data=body)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"\xef\xbb\xbf{}", 400),
        (b'{"body": NaN}', 400),
        (b"[" * 100_000, 400),
        (b'{"body": ' + b"1" * 5_000 + b"}", 400),
        (b"{}", 422),
        (b"[]", 422),
        (b'"hello"', 422),
        (b'{"body": ""}', 422),
        (b'{"body": " \\n\\t\\u00a0"}', 422),
        (b'{"body": 1}', 422),
        (b'{"body": null}', 422),
        (b'{"body": "\\ud800"}', 422),
        (b'{"body": "a\\u0000b"}', 422),
        (b'{"body": "hello", "more": 1}', 422),
        (b'{"body": "hello", "attachments": ["1"]}', 422),
        (b'{"body": "hello", "channel": 1}', 422),
        (b'{"body": "' + b"x" * 1_601 + b'"}', 422),
        (b'{"body": "' + b"x" * 16_001 + b'"}', 422),
        (b'{"body": "' + b"x" * 300_000 + b'"}', 413),
        (b'{"body": "hello", "channel": "phone"}', 409),
        (b'{"body": "hello", "body": "again", "attachments": []}', 400),
        (b'{"body": "hello", "\\u0062ody": "hello"}', 400),
        ('{"body": "\u200b\u2060\u3164\ufe0f\u2800"}'.encode(), 422),
        ('{"body": "\u202e\u200b\U0001f44d"}'.encode(), 202),
    ],
)
async def test_reply(desk: Desk, body: bytes, status: int) -> None:
    """A reply that is not well formed, or says nothing, is refused."""
    assert status == (await _reply(desk, body))[0]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"]
)
async def test_content_type(desk: Desk, kind: str) -> None:
    """A body that does not say it is JSON in UTF-8 is 415, which also keeps other sites' forms out."""
    assert 415 == (await _reply(desk, b'{"body": "hello"}', {"Content-Type": kind}))[0]


@pytest.mark.parametrize("id_", ["0", "-1", "x", "1.0", "9223372036854775808", "9" * 400, "%00", "\u0661", "1%2F2"])
async def test_ids(desk: Desk, id_: str) -> None:
    """Whatever cannot be an id is not there."""
    for path in (f"/threads/{id_}", f"/threads/{id_}/messages"):
        assert 404 == (await desk.call("ana", "GET", path))[0]


@pytest.mark.parametrize(
    "query",
    [
        "view=nonsense",
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=",
        "cursor=x",
        "cursor=%00",
        "cursor=" + "x" * 300,
        "team=" + "x" * 300,
    ],
)
async def test_inbox_query(desk: Desk, query: str) -> None:
    """A bad query parameter is 422; one that is not known means nothing."""
    assert 422 == (await desk.call("ana", "GET", f"/threads?{query}"))[0]
    assert 200 == (await desk.call("ana", "GET", "/threads?unknown=1"))[0]


@pytest.mark.parametrize("query", ["before=x", "after=-1", "before=1&after=1", "include=secrets", "before=" + "9" * 30])
async def test_messages_query(desk: Desk, query: str) -> None:
    """So are bad bounds of a page of messages."""
    await desk.text("hello")
    assert 422 == (await desk.call("ana", "GET", f"/threads/{await desk.thread('ana')}/messages?{query}"))[0]


@pytest.mark.parametrize("key", ["", " ", "a b", "\u00e9", "x" * 256])
async def test_bad_keys(desk: Desk, key: str) -> None:
    """An Idempotency-Key is 1 to 255 visible ASCII characters."""
    assert 422 == (await _reply(desk, b'{"body": "hello"}', JSON | {"Idempotency-Key": key}))[0]


async def test_two_keys(desk: Desk) -> None:
    """Two keys say two things: neither is believed."""
    await desk.text("hello")
    body = b'{"body": "hello"}'
    head = (
        f"POST {BASE}/threads/{await desk.thread('ana')}/notes HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
        f"Authorization: Bearer {desk.tokens['ana']}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nIdempotency-Key: a\r\nIdempotency-Key: b\r\n\r\n"
    )
    assert (await _raw(desk, head.encode() + body)).startswith(b"HTTP/1.1 422 ")


async def test_same_key(desk: Desk) -> None:
    """The same key and body is the same answer again, also at once; another body is 422."""
    await desk.text("hello")
    path = f"/threads/{await desk.thread('ana')}/messages"
    key = {"Idempotency-Key": "a-key"}
    calls = [desk.call("ana", "POST", path, {"body": "hi"}, key) for _ in range(5)]
    answers = await asyncio.gather(*calls)
    assert [answers[0]] * 5 == answers
    assert 422 == (await desk.call("ana", "POST", path, {"body": "other"}, key))[0]
    assert 422 == (await desk.call("ana", "POST", path.replace("messages", "notes"), {"body": "hi"}, key))[0]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/%", 404),
        ("GET", "/%ff%00", 404),
        ("DELETE", f"{BASE}/me", 405),
        ("OPTIONS", f"{BASE}/threads", 405),
        ("PATCH", "/hooks/sms/messages", 405),
        ("POST", "/console", 405),
        ("GET", "/static/../__init__.py", 404),
        ("GET", "/static/%2e%2e/__init__.py", 404),
        ("GET", "/static/__init__.py", 404),
        ("GET", "/problems/nonsense", 404),
    ],
)
async def test_elsewhere(desk: Desk, method: str, path: str, status: int) -> None:
    """What aiohttp would answer itself is a problem document too."""
    async with desk.http.request(method, desk.url + path) as response:
        problem = await response.json(content_type="application/problem+json")
        assert (status, status) == (response.status, problem["status"])
        assert (status == 405) == ("Allow" in response.headers)


async def test_problem_page(desk: Desk) -> None:
    """A problem's type leads to a page that says what it means."""
    _, problem = await desk.call("ana", "GET", "/threads/999")
    async with desk.http.get(desk.url + problem["type"]) as response:
        assert (200, True) == (response.status, "Not found" in await response.text())


@pytest.mark.parametrize("data", [b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00"])
async def test_no_http(desk: Desk, data: bytes) -> None:
    """Bytes that are no HTTP get a problem document that does not repeat them, and the connection ends."""
    answer = await _raw(desk, data + b"\r\n" * 10)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert (b"400", 400) == (head.split()[1], json.loads(body)["status"])


async def test_expectation(desk: Desk) -> None:
    """`Expect: 100-continue` is answered before the body is sent; another expectation is 417."""
    head = b"POST /hooks/sms/messages HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\nExpect: "
    answers = [await _raw(desk, head + what + b"\r\n\r\n") for what in (b"100-continue", b"a miracle")]
    assert answers[0].startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 ")
    assert answers[1].startswith(b"HTTP/1.1 417 ")


async def _raw(desk: Desk, data: bytes) -> bytes:
    host, port = desk.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(data)
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


async def test_our_own_bug(engine: str, tmp_path: Path) -> None:
    """An error of our own is 500 without a word of what went wrong."""

    class Broken:
        async def read(self, *_: Any) -> None:
            raise ZeroDivisionError("secret words")

    async with running(tmp_path, engine=engine, wrap=lambda _store: Broken()) as desk:
        await desk.person("ana", "denver")
        status, problem = await desk.call("ana", "GET", "/me")
        assert (500, "/problems/unexpected", False) == (status, problem["type"], "secret" in str(problem))
