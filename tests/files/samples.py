"""Files as people and as attackers send them, made when a test needs one."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image

from gateway.files.intake import Limits

SMALL = Limits(max_bytes=2_000_000, max_pixels=1_000_000)
SCRIPT = b"*/=1;alert(document.cookie)//"


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), mode: str = "RGB", **how: Any) -> bytes:
    """A gradient, so that turning and shrinking can be seen."""
    gray = Image.linear_gradient("L").resize(size)
    image = Image.merge("RGB", (gray, gray.rotate(180), gray)).convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def see_through(kind: str) -> bytes:
    image = Image.new("RGBA", (64, 48), (10, 200, 30, 128))
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def with_exif(orientation: int = 1, size: tuple[int, int] = (64, 48)) -> bytes:
    """A JPEG that says where it was taken, and how the camera was held."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Camera of the customer"
    exif.get_ifd(0x8825)[2] = (39.0, 44.0, 21.0)
    return picture(size=size, exif=exif.tobytes(), comment=b"taken at home")


def moving_gif(frames: int = 3) -> bytes:
    images = [Image.new("P", (32, 32), color) for color in range(frames)]
    buffer = io.BytesIO()
    images[0].save(buffer, "GIF", save_all=True, append_images=images[1:], duration=40, loop=0, comment=b"secret place")
    return buffer.getvalue()


def gif_and_script() -> bytes:
    """A picture for one program and a script for another: the width of the GIF begins a comment."""
    plain = picture("GIF", (64, 48), "P")
    return b"GIF89a" + b"/*" + plain[8:] + SCRIPT


def png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A few bytes that claim 900 million pixels."""
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    rows = png_chunk(b"IDAT", zlib.compress(bytes(1_000_000), 9))
    return b"\x89PNG\r\n\x1a\n" + head + rows + png_chunk(b"IEND", b"")


def png_text_bomb() -> bytes:
    """A small picture with a comment that unpacks to 64 MB."""
    whole = picture("PNG")
    comment = b"c\0\0" + zlib.compress(bytes(64_000_000), 9)
    return whole[:33] + png_chunk(b"zTXt", comment) + whole[33:]


def webp_bomb() -> bytes:
    """A canvas of 16,384 by 16,384 pixels, and nothing on it."""
    side = (16_383).to_bytes(3, "little")
    body = b"VP8X" + struct.pack("<I", 10) + bytes(4) + side + side
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def gif_bomb() -> bytes:
    """A screen of 65,535 by 65,535 pixels."""
    plain = picture("GIF", (16, 16), "P")
    return plain[:6] + b"\xff\xff\xff\xff" + plain[10:]


def mp4() -> bytes:
    return b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + bytes(100)


def docx(extra: bytes = b"") -> bytes:
    return b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml" + bytes(40) + b"word/document.xml" + extra + bytes(60)
