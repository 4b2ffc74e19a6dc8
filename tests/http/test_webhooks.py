"""Webhooks over real sockets: what is believed is stored once, what is not is refused and never repeated."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from structlog.testing import capture_logs
from yarl import URL

from gateway.errors import OutcomeUnknown
from gateway.http.webhooks import below_prefix, public_url_of
from gateway.store import lanes
from gateway.store.store import Tx
from tests.http.running import CUSTOMER, DENVER, POOL, Desk, new_sid, running, signed, text_form

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HOOK = "http://127.0.0.1:8080/hooks/sms/messages"


async def _count(tx: Tx) -> int:
    row = await tx.one("SELECT count(*) AS found FROM message")
    assert row is not None
    found: int = row["found"]
    return found


async def _post(desk: Desk, body: bytes, headers: dict[str, str], path: str = "/hooks/sms/messages") -> tuple[int, Any]:
    async with desk.http.post(URL(desk.url + path, encoded=True), data=body, headers=headers) as response:
        return response.status, await response.read()


async def test_answer(desk: Desk) -> None:
    """Twilio gets an empty document once the message is stored, so that nobody but a person answers."""
    form = text_form("hello")
    async with desk.http.post(f"{desk.url}/hooks/sms/messages", data=form, headers=signed(HOOK, form)) as response:
        assert (200, "text/xml") == (response.status, response.content_type)
        assert b'<?xml version="1.0" encoding="UTF-8"?><Response/>' == await response.read()
    assert 1 == await desk.store.read(_count)


async def test_fifty_at_once(desk: Desk) -> None:
    """The same message fifty times at once is one row, and every request gets the same answer."""
    sid = new_sid()
    answers = await asyncio.gather(*(desk.text("hello", sid=sid) for _ in range(50)))
    assert ({200}, 1) == (set(answers), await desk.store.read(_count))


async def test_replay(desk: Desk) -> None:
    """A webhook that comes again gets the same answer, and leaves one row and one event."""
    form = text_form("hello")
    answers = [await _post(desk, urlencode(form).encode(), FORM | signed(HOOK, form)) for _ in range(2)]
    assert (answers[0], 1) == (answers[1], await desk.store.read(_count))


@pytest.mark.parametrize("headers", [{}, {"X-Twilio-Signature": "bm90IHNpZ25lZA=="}, {"X-Twilio-Signature": "\u00fc"}])
async def test_forged(desk: Desk, headers: dict[str, str]) -> None:
    """A webhook without a signature that fits is refused, logged without its content, and leaves nothing."""
    form = text_form("secret words")
    with capture_logs() as logs:
        status, _ = await _post(desk, urlencode(form).encode(), FORM | headers)
    assert (403, 0) == (status, await desk.store.read(_count))
    assert not [line for line in logs if "secret words" in str(line) or CUSTOMER in str(line)]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"\xff\xfe", 400),
        (b"Body=%ff", 400),
        (b"", 403),
        (b"&".join([b"a=b"] * 300), 400),
        (b"Body=" + b"x" * 70_000, 413),
    ],
)
async def test_malformed(desk: Desk, body: bytes, status: int) -> None:
    """A body that is no form, or too large, gets a problem document with a 4xx."""
    headers = FORM | {"X-Twilio-Signature": "bm90IHNpZ25lZA=="}
    async with desk.http.post(f"{desk.url}/hooks/sms/messages", data=body, headers=headers) as response:
        assert (status, "application/problem+json") == (response.status, response.content_type)


@pytest.mark.parametrize("body", ["", "\u202eright to left", "\u200b\u200d zero width", "\U0001f44d", "x" * 1600])
async def test_odd_texts(desk: Desk, body: str) -> None:
    """Empty, right-to-left, zero-width and long texts are stored as they came."""
    assert 200 == await desk.text(body)
    _, page = await desk.call("ana", "GET", f"/threads/{await desk.thread('ana')}/messages")
    assert [body] == [message["body"] for message in page["items"]]


@pytest.mark.parametrize("body", ["nul\x00", "x" * 16_001])
async def test_impossible_texts(desk: Desk, body: str) -> None:
    """A text that cannot be stored on every engine is refused with 400."""
    assert 400 == await desk.text(body)


async def test_compressed(desk: Desk) -> None:
    """A compressed body is refused before it can unfold."""
    status, _ = await _post(desk, b"\x1f\x8b", FORM | {"Content-Encoding": "gzip"})
    assert 415 == status


async def test_unknown_number(desk: Desk) -> None:
    """A signed text to a number that is not ours gets a clear 404 and an event for admins."""
    form = text_form("hello", to="+13035550177")
    status, body = await _post(desk, urlencode(form).encode(), FORM | signed(HOOK, form))
    assert (404, True) == (status, b"this number is not configured here" in body)
    assert "channel.unrouted" in await desk.store.read(_kinds)


async def _kinds(tx: Tx) -> list[str]:
    return [row["kind"] for row in await tx.all("SELECT kind FROM event ORDER BY at")]


@pytest.mark.parametrize("path", ["/hooks/nothing/messages", "/hooks/sms", "/hooks/sms/", "/hooks//messages"])
async def test_unknown_hook(desk: Desk, path: str) -> None:
    """A channel or a step that is not there is 404."""
    assert 404 == (await _post(desk, b"", FORM, path))[0]


async def test_by_region(desk: Desk) -> None:
    """On a number for all, a new customer's own number chooses the team, and the team stays theirs."""
    await desk.text("hello", sender="+17755550111", to=POOL)
    _, inbox = await desk.call("ben", "GET", "/threads")
    assert ["reno"] == [row["team"] for row in inbox["items"]]


async def test_early_report(desk: Desk) -> None:
    """A report about a message that nobody knows is answered with 200 and kept."""
    form = {"MessageSid": new_sid(), "AccountSid": "AC" + "1" * 32, "MessageStatus": "delivered"}
    url = "http://127.0.0.1:8080/hooks/sms/status"
    status, _ = await _post(desk, urlencode(form).encode(), FORM | signed(url, form), "/hooks/sms/status")
    assert (200, 1) == (status, await desk.store.read(_reports))


async def _reports(tx: Tx) -> int:
    return len(await tx.all("SELECT id FROM report"))


async def test_query_is_signed(desk: Desk) -> None:
    """The signature covers the query exactly as it was sent."""
    form = text_form("hello")
    headers = FORM | signed(f"{HOOK}?a=%7Eb&c", form)
    assert 200 == (await _post(desk, urlencode(form).encode(), headers, "/hooks/sms/messages?a=%7Eb&c"))[0]


@pytest.mark.parametrize("prefix", ["", "/care"])
async def test_prefix(engine: str, tmp_path: Path, prefix: str) -> None:
    """Where the public URL has a path, a proxy may strip it or not: the signature is over the public URL."""
    async with running(tmp_path, "https://example.com/care", engine=engine) as desk:
        form = text_form("hello")
        headers = FORM | signed("https://example.com/care/hooks/sms/messages", form)
        status, _ = await _post(desk, urlencode(form).encode(), headers, f"{prefix}/hooks/sms/messages")
        assert 200 == status


@pytest.mark.parametrize(
    ("raw", "public", "expected"),
    [
        ("/hooks/a/b?x", "https://h", "https://h/hooks/a/b?x"),
        ("/hooks/a/b", "https://h/p", "https://h/p/hooks/a/b"),
        ("/p/hooks/a/b", "https://h/p", "https://h/p/hooks/a/b"),
        ("http://inner:80/hooks/a/b?x=http://z", "https://h", "https://h/hooks/a/b?x=http://z"),
    ],
)
def test_public_url(raw: str, public: str, expected: str) -> None:
    """The URL that was called is the public one with the path and query exactly as sent."""
    assert expected == public_url_of(raw, public)


async def test_below_prefix(desk: Desk) -> None:
    """Without a prefix in the public URL, nothing is looked for below one."""
    assert None is below_prefix("/care/hooks/a/b", desk.deps.settings())


async def test_half_sent(engine: str, tmp_path: Path) -> None:
    """A body that does not arrive whole is cut off after the time-out, with 408."""
    async with running(tmp_path, engine=engine, body_seconds=0.05) as desk:
        host, port = desk.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /hooks/sms/messages HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nBody=")
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"/problems/too-slow" in answer


async def _refused(desk: Desk) -> tuple[int, str, str]:
    form = text_form("hello", to=DENVER)
    async with desk.http.post(f"{desk.url}/hooks/sms/messages", data=form, headers=signed(HOOK, form)) as response:
        return response.status, response.headers["Retry-After"], (await response.json())["type"]


async def test_writer_is_full(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than the writer takes is refused with 503 and Retry-After, and afterwards all is well again."""
    with monkeypatch.context() as patched:
        patched.setattr(lanes, "LANE_LIMIT", 0)
        assert (503, "1", "/problems/unavailable") == await _refused(desk)
    assert 200 == await desk.text("hello")


async def test_outcome_unknown(engine: str, tmp_path: Path) -> None:
    """What may or may not be on disk is not acknowledged, and the answer says so."""

    class Failing:
        async def write_each(self, *_: Any) -> None:
            raise OutcomeUnknown

    async with running(tmp_path, engine=engine, wrap=lambda _store: Failing()) as desk:
        assert (503, "1", "/problems/outcome-unknown") == await _refused(desk)


async def test_metrics_and_log(desk: Desk) -> None:
    """A message is counted and leaves one line, with ids and without words."""
    with capture_logs() as logs:
        await desk.text("hello")
    lines = [line for line in logs if str(line["event"]).startswith("webhook.")]
    assert [{"event": "webhook.message", "channel": "sms", "thread": 1, "message": 1, "log_level": "info"}] == lines
    async with desk.http.get(f"{desk.url}/metrics") as response:
        assert 'teamline_inbound_messages_total{channel="sms"} 1.0' in await response.text()
