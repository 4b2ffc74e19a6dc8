"""Hostile files are refused in plain words or made inert, and what is kept of a picture is its pixels."""

from __future__ import annotations

import io
import re
import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from gateway.errors import Invalid, Problem, TooLarge
from gateway.files.intake import Harmless, examine
from gateway.files.pictures import THUMB_PIXELS
from tests.files import samples
from tests.files.samples import SMALL, opened, picture

BOMBS = {
    "png that claims 900 million pixels": samples.png_bomb(),
    "png that is one pixel high": samples.png_bomb(900_000, 1),
    "webp canvas": samples.webp_bomb(),
    "gif screen": samples.gif_bomb(),
    "webp cut in its header": samples.webp_bomb()[:20],
}


def take(content: bytes, name: str | None = "storm.jpg") -> Harmless:
    return examine(content, name, SMALL)


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(name: str) -> None:
    """A picture that would take much memory is refused before anything of it is unpacked."""
    begun = time.process_time()
    with pytest.raises(Invalid):
        take(BOMBS[name])
    assert time.process_time() - begun < 0.5


def test_comment_bomb() -> None:
    """A comment that unpacks to 64 MB is refused with its picture."""
    with pytest.raises(Invalid, match="damaged"):
        take(samples.png_text_bomb())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_cut_short(kind: str) -> None:
    """A picture that ends in its middle is refused, wherever that is."""
    whole = picture(kind, (200, 150))
    for share in (0.1, 0.5, 0.9):
        with pytest.raises(Invalid):
            take(whole[: int(len(whole) * share)])


def test_polyglot() -> None:
    """Of a GIF that is a script as well, its pixels stay, as PNG, and the script is gone."""
    content = samples.gif_and_script()
    assert samples.SCRIPT in content
    try:
        kept = take(content).content
    except Invalid:
        return
    assert samples.SCRIPT not in kept
    assert kept.startswith(b"\x89PNG")


def test_what_hangs_on() -> None:
    """Whatever stands behind a picture's end is not kept."""
    for kind in ("JPEG", "PNG", "GIF"):
        assert b"<script>" not in take(picture(kind) + b"<script>alert(1)</script>").content


@pytest.mark.parametrize(
    "content",
    [
        b"<svg onload=alert(1)>",
        b"<!doctype html>",
        b"MZ" + bytes(100),
        b"PK\x03\x04" + bytes(100),
        samples.docx(),
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
    ],
)
def test_refused(content: bytes) -> None:
    """Markup, programs, zips and what only begins like a picture are refused, whatever they are called."""
    with pytest.raises(Invalid):
        take(content)


def test_too_large() -> None:
    """100 MB are refused for their size, and an empty file for having none."""
    with pytest.raises(TooLarge, match="2 MB"):
        take(bytes(100_000_000))
    with pytest.raises(Invalid, match="empty"):
        take(b"")


def test_types_of_the_config() -> None:
    """What the config does not name is refused, and a zip that it names is stored as it came."""
    with pytest.raises(Invalid, match="kind"):
        examine(picture(), None, replace(SMALL, types=frozenset({"application/pdf"})))
    zipped = b"PK\x03\x04" + bytes(100)
    kept = examine(zipped, "a.zip", replace(SMALL, types=frozenset({"application/zip"})))
    assert (zipped, "a.zip", None) == (kept.content, kept.name, kept.thumb)


def test_no_metadata() -> None:
    """Where a picture was taken, by which camera and with what comment is in neither it nor its thumbnail."""
    kept = take(samples.with_exif())
    assert kept.thumb is not None
    for content in (kept.content, kept.thumb):
        assert not opened(content).getexif()
        assert not re.search(rb"Exif|Camera|taken at home|ICC_PROFILE|http://ns.adobe", content)


def test_turned() -> None:
    """A picture that was taken with the camera on its side stands upright."""
    kept = take(samples.with_exif(orientation=6, size=(64, 48)))
    assert ((48, 64), (48, 64)) == ((kept.width, kept.height), opened(kept.content).size)


@pytest.mark.parametrize(
    ("content", "type_"),
    [
        (picture("JPEG", mode="CMYK"), "image/jpeg"),
        (picture("JPEG", mode="L"), "image/jpeg"),
        (picture("PNG", mode="RGBA"), "image/png"),
        (picture("PNG", mode="1"), "image/png"),
        (picture("PNG", mode="I;16"), "image/png"),
        (picture("PNG", mode="P"), "image/png"),
        (picture("WEBP"), "image/jpeg"),
        (samples.see_through("WEBP"), "image/png"),
        (samples.moving_gif(), "image/png"),
    ],
    ids=["cmyk", "gray", "rgba", "bits", "16 bits", "palette", "webp", "webp see-through", "moving"],
)
def test_kinds(content: bytes, type_: str) -> None:
    """Every picture is stored as JPEG or PNG, with a thumbnail, whatever its colors are."""
    kept = take(content)
    assert type_ == kept.type == f"image/{opened(kept.content).format}".lower()
    assert not getattr(opened(kept.content), "is_animated", False)
    assert kept.thumb is not None
    assert b"secret place" not in kept.content


def test_thumbnail() -> None:
    """A thumbnail has the same shape, and its longer side has 480 pixels; a small picture is not blown up."""
    wide = take(picture(size=(1_200, 400)))
    assert wide.thumb is not None
    assert (THUMB_PIXELS, 160) == opened(wide.thumb).size
    small = take(picture(size=(40, 30)))
    assert small.thumb is not None
    assert (40, 30) == opened(small.thumb).size


def test_others_stay_as_they_are() -> None:
    """A file that is no picture is stored byte for byte."""
    content = b"%PDF-1.7\n<script>alert(1)</script>"
    kept = take(content, "bill.html")
    assert (content, "application/pdf", "bill.html.pdf", None) == (kept.content, kept.type, kept.name, kept.thumb)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(["JPEG", "PNG", "GIF", "WEBP"]), st.data())
def test_damaged(kind: str, data: st.DataObject) -> None:
    """A picture with bytes changed at random is refused, or kept as a sound picture; nothing else ever happens."""
    content = bytearray(picture(kind))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        kept = take(bytes(content))
    except Problem:
        return
    if kept.thumb is not None:
        assert (kept.width, kept.height) == Image.open(io.BytesIO(kept.content)).size
