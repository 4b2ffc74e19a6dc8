"""Files over real sockets: uploaded, named by a message, shown by links that end, and inert whatever they are."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.actions import attach
from gateway.channels.contract import Capabilities
from gateway.files.links import HOUR
from gateway.http import agent_api
from tests.files import samples
from tests.http.running import BASE, Answer, Desk, running

PICTURE = samples.with_exif(size=(900, 600))
SECOND = 1_000_000


@pytest.fixture(autouse=True)
def _with_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twilio's channel takes three files in these tests."""
    able = Capabilities(max_files=3, max_file_bytes=1_000_000, file_types=frozenset({"image/jpeg", "text/plain"}))
    monkeypatch.setattr(agent_api, "live", lambda _deps: {"sms": able})


async def upload(
    desk: Desk, content: bytes = PICTURE, name: str = "storm.jpg", login: str = "ana", field: str = "file", **more: Any
) -> Answer:
    form = aiohttp.FormData()
    form.add_field(field, io.BytesIO(content), filename=name, content_type="text/html")
    return await desk.call(login, "POST", "/attachments", data=form, **more)


async def get(desk: Desk, url: str, **headers: str) -> tuple[int, bytes, Any]:
    async with desk.http.get(desk.url + url, headers=headers) as response:
        return response.status, await response.read(), response.headers


async def thread_of(desk: Desk) -> str:
    await desk.text("The mast fell")
    return await desk.thread("ana")


async def test_picture(desk: Desk) -> None:
    """A picture that is uploaded can be seen, large and small, without what it said about its place."""
    status, file = await upload(desk)
    assert (201, "storm.jpg", "image/jpeg", "ready", 900, 600) == (
        status, *(file[key] for key in ("name", "type", "state", "width", "height")),
    )  # fmt: skip
    status, large, headers = await get(desk, file["url"])
    assert (200, (900, 600), file["size"]) == (status, samples.opened(large).size, len(large))
    assert b"Camera" not in large
    expected = {
        "Content-Type": "image/jpeg",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Content-Disposition": "inline; filename=\"storm.jpg\"; filename*=UTF-8''storm.jpg",
    }
    assert expected == {name: headers[name] for name in expected}
    assert headers["Cache-Control"].startswith("private, max-age=")
    _, small, _ = await get(desk, file["thumb_url"])
    assert (480, 320) == samples.opened(small).size
    assert 304 == (await get(desk, file["url"], **{"If-None-Match": headers["ETag"]}))[0]


async def test_download(desk: Desk) -> None:
    """What is no picture is a download under a harmless name, whatever its sender called it."""
    _, file = await upload(desk, b"%PDF-1.7 <script>alert(1)</script>", "../../\u202e<b>bill</b>.html")
    assert ("application/pdf", "_b_.html.pdf") == (file["type"], file["name"]) or file["name"].endswith(".html.pdf")
    assert "thumb_url" not in file
    status, content, headers = await get(desk, file["url"])
    assert (200, b"%PDF-1.7 <script>alert(1)</script>") == (status, content)
    assert headers["Content-Disposition"].startswith("attachment; ")
    assert "application/pdf" == headers["Content-Type"]


HOSTILE = {
    "svg": b"<svg onload=alert(1) xmlns='http://www.w3.org/2000/svg'/>",
    "html": b"<!doctype html><script>alert(1)</script>",
    "program": b"MZ\x90\x00" + bytes(60),
    "zip": b"PK\x03\x04" + bytes(60),
    "bomb": samples.png_bomb(),
    "half a picture": PICTURE[: len(PICTURE) // 2],
    "nothing": b"",
}


@pytest.mark.parametrize("what", HOSTILE)
async def test_refused(desk: Desk, what: str) -> None:
    """Markup, programs, zips, bombs and halves are 422, and nothing of them is kept."""
    status, problem = await upload(desk, HOSTILE[what])
    assert (422, "/problems/invalid") == (status, problem["type"])
    assert not desk.deps.settings().files.exists()


async def test_too_large(desk: Desk) -> None:
    """100 MB are refused with 413 before they have arrived, whether their size is said or not."""
    status, _ = await upload(desk, bytes(30_000_000))
    assert 413 == status

    async def pieces() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
        for _ in range(100):
            yield bytes(1_000_000)

    headers = {
        "Authorization": f"Bearer {desk.tokens['ana']}",
        "Content-Type": "multipart/form-data; boundary=x",
    }
    try:
        async with desk.http.post(f"{desk.url}{BASE}/attachments", data=pieces(), headers=headers) as response:
            assert 413 == response.status
    except aiohttp.ClientOSError:
        pass  # it was cut off while it was still sending


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"--x\r\n", "multipart/form-data", 400),
        (b"nothing of a form", "multipart/form-data; boundary=x", 400),
        (b"--x\r\n\r\nhello\r\n--x--\r\n", "multipart/form-data; boundary=x", 422),
        (
            b'--x\r\nContent-Disposition: form-data; name="other"\r\n\r\nhello\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
            422,
        ),
        (b"--x--\r\n", "multipart/form-data; boundary=x", 422),
        (
            b'--x\r\nContent-Disposition: form-data; name="\x05"\r\n\r\nhello\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
            400,
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a\x00b"\r\n\r\nhello\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
            400,
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="'
            + b"x" * 200_000
            + b'"\r\n\r\nhello\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
            400,
        ),
    ],
    ids=range(9),
)
async def test_no_form(desk: Desk, body: bytes, kind: str, status: int) -> None:
    """What is no form with a file gets a 4xx that says so."""
    assert status == (await desk.call("ana", "POST", "/attachments", data=body, headers={"Content-Type": kind}))[0]


async def test_slow(engine: str, tmp_path: Path) -> None:
    """An upload that stops in its middle is answered 408."""
    async with running(tmp_path, engine=engine, body_seconds=0.1) as desk:
        await desk.person("ana", "denver")
        stop = asyncio.Event()

        async def half() -> AsyncIterator[bytes]:
            yield b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nhalf'
            await stop.wait()

        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        status, _ = await desk.call("ana", "POST", "/attachments", data=half(), headers=kind)
        stop.set()
        assert 408 == status


async def test_strangers(desk: Desk) -> None:
    """Without a good credential nothing is read, and a page elsewhere cannot upload with a cookie."""
    form = aiohttp.FormData({"file": io.BytesIO(b"hello")})
    assert 401 == (await desk.call(None, "POST", "/attachments", data=form))[0]
    form = aiohttp.FormData({"file": io.BytesIO(b"hello")})
    headers = {"Cookie": "teamline_session=x", "Origin": "https://elsewhere.example"}
    assert 403 == (await desk.call(None, "POST", "/attachments", data=form, headers=headers))[0]


async def test_links_end(desk: Desk) -> None:
    """A link that has ended, was changed or was made up is 410, and leads nowhere."""
    _, file = await upload(desk)
    url: str = file["url"]
    changed = url[:20] + ("A" if url[20] != "A" else "B") + url[21:]
    for wrong in (changed, "/files/x/y", "/files/" + "A" * 60 + "/y", "/files/%00/y"):
        assert 410 == (await get(desk, wrong))[0], wrong
    desk.clock.now += 2 * HOUR * SECOND
    assert 410 == (await get(desk, url))[0]


async def test_reply(desk: Desk) -> None:
    """A reply with files alone is accepted; everybody who sees the message sees them, with links."""
    thread = await thread_of(desk)
    files = [(await upload(desk))[1], (await upload(desk, b"Serial 4711", "serial.txt"))[1]]
    names = {"body": "", "attachments": [file["id"] for file in files]}
    status, said = await desk.call("ana", "POST", f"/threads/{thread}/messages", json=names)
    assert (202, ["storm.jpg", "serial.txt"]) == (status, [file["name"] for file in said["attachments"]])
    _, page = await desk.call("ana", "GET", f"/threads/{thread}/messages")
    _, inbox = await desk.call("ana", "GET", "/threads?view=all")
    for shown in (said, page["items"][-1], inbox["items"][0]["last_message"]):
        assert files == shown["attachments"]
        assert 200 == (await get(desk, shown["attachments"][0]["thumb_url"]))[0]
    assert [] == page["items"][0]["attachments"]


async def test_reply_again(desk: Desk) -> None:
    """The same key and files give the same message again; a file belongs to one message, once."""
    thread = await thread_of(desk)
    _, file = await upload(desk)
    names, key = {"body": "Look", "attachments": [file["id"]]}, {"Idempotency-Key": "k1"}
    first = await desk.call("ana", "POST", f"/threads/{thread}/messages", json=names, headers=key)
    assert first == await desk.call("ana", "POST", f"/threads/{thread}/messages", json=names, headers=key)
    assert 422 == (await desk.call("ana", "POST", f"/threads/{thread}/messages", json=names))[0]


async def test_whose(desk: Desk) -> None:
    """Somebody else's upload, one named twice, and one that is not there are 422."""
    await desk.person("cleo", "denver")
    thread = await thread_of(desk)
    _, own = await upload(desk)
    _, other = await upload(desk, login="cleo")
    for ids in ([other["id"]], [own["id"], own["id"]], ["999"], ["x"]):
        names = {"body": "Look", "attachments": ids}
        assert 422 == (await desk.call("ana", "POST", f"/threads/{thread}/messages", json=names))[0]


async def test_what_the_channel_takes(desk: Desk) -> None:
    """More files than the channel takes, larger ones, and types it does not know are 422 in words."""
    thread = await thread_of(desk)
    small = [(await upload(desk, b"text %d" % n, "a.txt"))[1]["id"] for n in range(4)]
    (_, pdf), (_, large) = await upload(desk, b"%PDF-1.7"), await upload(desk, b"x" * 1_000_001, "a.txt")
    for ids, words in ((small, "3 files"), ([pdf["id"]], "application/pdf"), ([large["id"]], "1 MB")):
        names = {"body": "Look", "attachments": ids}
        status, problem = await desk.call("ana", "POST", f"/threads/{thread}/messages", json=names)
        assert 422 == status
        assert words in problem["detail"]


async def test_nothing_said(desk: Desk) -> None:
    """Neither words nor files are no message."""
    thread = await thread_of(desk)
    for body in ("", "  \n"):
        assert 422 == (await desk.call("ana", "POST", f"/threads/{thread}/messages", json={"body": body}))[0]


async def test_key(desk: Desk) -> None:
    """An upload that is sent again under its key is one file; another under that key is refused."""
    key = {"Idempotency-Key": "u1"}
    first, again = await upload(desk, headers=key), await upload(desk, headers=key)
    assert first == again
    assert 422 == (await upload(desk, b"other", headers=key))[0]


async def test_too_many(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """One person cannot fill the disk with uploads that no message names."""
    monkeypatch.setattr(attach, "MOST_LOOSE", 2)
    assert [201, 201, 429] == [(await upload(desk, b"text %d" % n))[0] for n in range(3)]
    assert 201 == (await upload(desk, login="ben"))[0]
    form, own = aiohttp.FormData({"file": io.BytesIO(b"text")}), {"Authorization": f"Bearer {desk.tokens['ana']}"}
    async with desk.http.post(f"{desk.url}{BASE}/attachments", data=form, headers=own) as refused:
        assert (429, "60") == (refused.status, refused.headers["Retry-After"])


async def test_below_a_prefix(engine: str, tmp_path: Path) -> None:
    """With a path in `public_url`, a provider finds its file whether a proxy cuts the path off or not."""
    async with running(tmp_path, engine=engine, public_url="https://care.example.com/desk") as desk:
        await desk.person("ana", "denver")
        _, file = await upload(desk)
        url = desk.deps.links.public(int(file["id"]), file["name"])
        for path in (url.removeprefix("https://care.example.com"), url.removeprefix("https://care.example.com/desk")):
            assert 200 == (await get(desk, path))[0]


async def test_lost(desk: Desk) -> None:
    """A file whose bytes are gone is 410."""
    _, file = await upload(desk, b"a text")
    (path,) = (path for path in desk.deps.settings().files.rglob("*") if path.is_file())
    path.unlink()
    assert 410 == (await get(desk, file["url"]))[0]
