"""Pictures, made anew: decoded within bounds, turned the right way up, and written as JPEG or PNG with nothing else.

What goes is everything that is no pixel: where and when it was taken, by which camera, a comment, a second file behind
the first. What the decoder does not understand to the last line is refused. Of a moving picture the first frame stays.
Runs in a thread; the decoders and the JPEG encoder let other threads run meanwhile.
"""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any, Final

from PIL import Image, ImageOps

from gateway.files.kinds import KINDS, Kind

Options = Mapping[str, Any]
"""What Pillow's `save` takes."""

THUMB_PIXELS: Final = 480
"""The longer side of a thumbnail."""
LONGEST_SIDE: Final = 16_384
WEBP_PIXELS: Final = 12_000_000
_FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}
_JPEG: Final[Options] = {"format": "JPEG", "quality": 88}
_THUMB: Final[Options] = {"format": "JPEG", "quality": 80}
_PNG: Final[Options] = {"format": "PNG", "compress_level": 3}
"""Level 6 takes three times as long for a tenth less."""

Image.MAX_IMAGE_PIXELS = None  # our own bound is looked at first; Pillow's is twice as wide and no more than a warning


class BadPicture(Exception):
    """In words a person can read: it repeats nothing of the picture."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is stored. `width` and `height` in pixels."""

    kind: Kind
    content: bytes
    width: int
    height: int
    thumb: bytes
    """A JPEG, or a PNG where the picture is see-through."""


def remake(kind: Kind, content: bytes, most_pixels: int) -> Picture:
    """Decode and write anew. Raises BadPicture."""
    _refuse_canvas(kind, content, most_pixels)
    try:
        with tempfile.TemporaryFile() as file:
            file.write(content)
            return _remake(kind, file, most_pixels)
    except BadPicture:
        raise
    except Exception:  # noqa: BLE001  a decoder fed with anything raises anything
        raise BadPicture("the picture is damaged or cut short") from None


def _remake(kind: Kind, file: IO[bytes], most_pixels: int) -> Picture:
    file.seek(0)
    with Image.open(file, formats=(_FORMATS[kind.type],)) as opened:
        _refuse_size(*opened.size, most_pixels)
        opened.load()
        upright: Image.Image = ImageOps.exif_transpose(opened)
        if upright.has_transparency_data:
            whole, made = upright.convert("RGBA"), KINDS["image/png"]
        elif kind.type in {"image/jpeg", "image/webp"}:
            whole, made = upright.convert("L" if upright.mode == "L" else "RGB"), KINDS["image/jpeg"]
        else:
            whole, made = _lossless(upright), KINDS["image/png"]
    content = _written(whole, _JPEG if made.type == "image/jpeg" else _PNG)
    thumb = _written(_small(whole), _PNG if whole.mode == "RGBA" else _THUMB)
    return Picture(made, content, *whole.size, thumb)


def _lossless(image: Image.Image) -> Image.Image:
    """As few bits as it came with."""
    return image.copy() if image.mode in {"1", "L", "P"} else image.convert("RGB")


def _small(whole: Image.Image) -> Image.Image:
    if whole.mode not in {"L", "RGB", "RGBA"}:
        whole = whole.convert("RGB")
    if max(whole.size) <= THUMB_PIXELS:
        return whole
    scale = THUMB_PIXELS / max(whole.size)
    size = (max(1, round(whole.width * scale)), max(1, round(whole.height * scale)))
    return whole.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def _written(image: Image.Image, how: Options) -> bytes:
    """Without what came along with the pixels. By way of a real file: into one, Pillow writes a JPEG without holding up
    every other thread."""
    image.info = {}
    with tempfile.TemporaryFile() as file:
        image.save(file, **how)
        file.seek(0)
        return file.read()


def _refuse_canvas(kind: Kind, content: bytes, most_pixels: int) -> None:
    """Pillow sets a WebP's canvas up as soon as it opens it, so its size is read here before that (RFC 9649, 2.5-2.7).
    And it holds every other thread up while it decodes one, so its bound is lower."""
    if kind.type != "image/webp":
        return
    try:
        match content[12:16]:
            case b"VP8X":
                width = int.from_bytes(content[24:27], "little") + 1
                height = int.from_bytes(content[27:30], "little") + 1
            case b"VP8L":
                (bits,) = struct.unpack_from("<I", content, 21)
                width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
            case _:
                width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", content, 26))
    except struct.error:
        raise BadPicture("the picture is damaged or cut short") from None
    _refuse_size(width, height, min(most_pixels, WEBP_PIXELS))


def _refuse_size(width: int, height: int, most_pixels: int) -> None:
    if width * height > most_pixels or max(width, height) > LONGEST_SIDE:
        raise BadPicture(f"the picture has {width} by {height} pixels, more than can be taken")
