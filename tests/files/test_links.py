"""Links: the same within an hour, ended after two, and nobody's to make."""

from __future__ import annotations

import base64
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.files.links import HOUR, Links, Target

NOON = 1_795_348_800
SECRET = b"k" * 32


class Watch:
    def __init__(self) -> None:
        self.seconds = NOON

    def __call__(self) -> int:
        return self.seconds * 1_000_000


def made(secret: bytes = SECRET, public_url: str = "https://care.example.com/desk") -> tuple[Links, Watch]:
    watch = Watch()
    return Links(secret, watch, lambda: public_url), watch


def file(**facts: Any) -> dict[str, Any]:
    return {"id": "7", "name": "storm 1.jpg", "type": "image/jpeg", "state": "ready", "width": 4, "height": 3} | facts


def token(url: str) -> str:
    return url.split("/files/")[1].partition("/")[0]


def test_stable() -> None:
    """Within an hour a link stays the same, so that a browser keeps what it leads to; then there is a new one."""
    links, watch = made()
    first = links.sign_file(file())["url"]
    watch.seconds += HOUR - 1
    assert first == links.sign_file(file())["url"]
    assert HOUR < links.seconds_left(Target(7, False, NOON + 2 * HOUR)) <= 2 * HOUR
    watch.seconds += 1
    assert first != links.sign_file(file())["url"]


def test_kinds() -> None:
    """A picture has a link to its thumbnail, any other file has not, and what is not ready has none."""
    links, _ = made()
    signed = links.sign_file(file())
    assert Target(7, False, NOON + 2 * HOUR) == links.read(token(signed["url"]))
    assert Target(7, True, NOON + 2 * HOUR) == links.read(token(signed["thumb_url"]))
    assert signed["url"].endswith("/storm%201.jpg")
    plain = file()
    del plain["width"]
    assert "thumb_url" not in links.sign_file(plain)
    assert {"url", "thumb_url"}.isdisjoint(links.sign_file(file(state="waiting")))


def test_for_providers() -> None:
    """A provider's link is below the public URL, and lasts a day."""
    links, watch = made()
    url = links.public(7, "a.jpg")
    assert url.startswith("https://care.example.com/desk/files/")
    target = links.read(token(url))
    assert target is not None
    watch.seconds += 24 * HOUR
    assert links.seconds_left(target) > 0
    watch.seconds += HOUR
    assert links.seconds_left(target) <= 0


def test_everywhere() -> None:
    """Files are signed in a message, in lists of messages, in inbox rows and in frames."""
    links, _ = made()
    message = {"id": "1", "thread": "2", "attachments": [file()]}
    shape = {
        "items": [dict(message, attachments=[file()]), {"last_message": dict(message, attachments=[file()])}],
        "row": {"last_message": dict(message, attachments=[file()])},
        "message": message,
    }
    assert 8 == str(links.sign(shape)).count("/files/")


@given(st.text(max_size=90) | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_forged(text: str) -> None:
    """Nothing that we have not made is a token."""
    links, _ = made()
    assert None is links.read(text)


@given(st.integers(0, 44), st.integers(1, 255))
def test_changed(place: int, bits: int) -> None:
    """A token with any bit changed is none, and one under another secret is none."""
    links, _ = made()
    text = token(links.public(7, "a.jpg"))
    raw = bytearray(base64.urlsafe_b64decode(text))
    raw[place] ^= bits
    assert None is links.read(base64.urlsafe_b64encode(raw).decode())
    assert None is made(b"o" * 32)[0].read(text)
