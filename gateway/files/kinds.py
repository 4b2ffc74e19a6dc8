"""What a file is, by its content. A name or a sender's word for it counts for nothing.

The table is all there is: what begins like none of it is refused. Pictures are decoded and made anew, so only what a
decoder of theirs understood is left of them; everything else is stored as it came and only ever downloaded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_OFFICE: Final = "application/vnd.openxmlformats-officedocument."


@dataclass(frozen=True, slots=True)
class Kind:
    """A media type and the endings that a file of it may have, the usual one first."""

    type: str
    endings: tuple[str, ...]
    is_picture: bool = False
    usual: bool = True
    """Whether it is taken when the config says nothing."""


_TABLE: Final = (
    Kind("image/jpeg", ("jpg", "jpeg"), is_picture=True),
    Kind("image/png", ("png",), is_picture=True),
    Kind("image/gif", ("gif",), is_picture=True),
    Kind("image/webp", ("webp",), is_picture=True),
    Kind("application/pdf", ("pdf",)),
    Kind("text/plain", ("txt", "log", "csv", "md")),
    Kind("text/vcard", ("vcf",)),
    Kind("text/calendar", ("ics",)),
    Kind("audio/amr", ("amr",)),
    Kind("audio/mpeg", ("mp3",)),
    Kind("audio/mp4", ("m4a",)),
    Kind("audio/ogg", ("ogg", "oga", "opus")),
    Kind("audio/wav", ("wav",)),
    Kind("video/3gpp", ("3gp",)),
    Kind("video/mp4", ("mp4",)),
    Kind("video/quicktime", ("mov",)),
    Kind("video/webm", ("webm",)),
    Kind(f"{_OFFICE}wordprocessingml.document", ("docx",), usual=False),
    Kind(f"{_OFFICE}spreadsheetml.sheet", ("xlsx",), usual=False),
    Kind(f"{_OFFICE}presentationml.presentation", ("pptx",), usual=False),
    Kind("application/zip", ("zip",), usual=False),
)
KINDS: Final = {kind.type: kind for kind in _TABLE}
USUAL: Final = frozenset(kind.type for kind in _TABLE if kind.usual)

_BEGINNINGS: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"#!AMR", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
)
_BRANDS: Final = (  # ISO/IEC 14496-12, the major brand of `ftyp`; see https://mp4ra.org
    (b"M4A ", "audio/mp4"),
    (b"M4B ", "audio/mp4"),
    (b"qt  ", "video/quicktime"),
    (b"3g", "video/3gpp"),
    (b"iso", "video/mp4"),
    (b"mp4", "video/mp4"),
    (b"avc1", "video/mp4"),
    (b"M4V", "video/mp4"),
    (b"MSNV", "video/mp4"),
)
_OFFICE_PARTS: Final = (
    (b"word/document.xml", f"{_OFFICE}wordprocessingml.document"),
    (b"xl/workbook.xml", f"{_OFFICE}spreadsheetml.sheet"),
    (b"ppt/presentation.xml", f"{_OFFICE}presentationml.presentation"),
)
_MARKUP: Final = re.compile(
    rb"<(?:!doctype|!--|\?xml|\?php|html|head|body|script|svg|iframe|img|style|title|table|div|span|font|br|p|a|b|h1)\b"
    rb"|<!--|<\?",
    re.IGNORECASE,
)
_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9.+-]{0,62}/[a-z0-9][a-z0-9.+-]{0,62}", re.ASCII)
_LOOKED_AT: Final = 4_096
"""Bytes at the start of a text in which no markup may be: more than any browser looks at (WHATWG MIME Sniffing)."""
_NOT_TEXT: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def kind_said(said: str) -> str:
    """A sender's word for a type, as far as it has the form of one (RFC 6838, 4.2); it is shown and nothing else."""
    type_ = said.partition(";")[0].strip().lower()
    return type_ if _TYPE.fullmatch(type_) else "application/octet-stream"


def recognize(content: bytes) -> Kind | None:
    """What these bytes are, or None for whatever is not in the table."""
    type_ = _by_beginning(content) or _by_container(content) or _text(content)
    return None if type_ is None else KINDS[type_]


def _by_beginning(content: bytes) -> str | None:
    for beginning, type_ in _BEGINNINGS:
        if content.startswith(beginning):
            return type_
    # An MPEG audio frame, layer III, without a tag in front (ISO/IEC 11172-3, 2.4.1.3).
    return "audio/mpeg" if content[:1] == b"\xff" and content[1:2] in {b"\xfb", b"\xfa", b"\xf3", b"\xf2"} else None


def _by_container(content: bytes) -> str | None:
    if content[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(content[8:12])
    if content[4:8] == b"ftyp":
        return next((type_ for brand, type_ in _BRANDS if content[8:12].startswith(brand)), None)
    if content[:4] == b"\x1a\x45\xdf\xa3":
        return "video/webm" if b"webm" in content[:64] else None
    return _zip(content) if content[:4] == b"PK\x03\x04" else None


def _zip(content: bytes) -> str:
    """An office document is a zip whose first entries say so; one with macros is nothing but a zip."""
    if b"[Content_Types].xml" in content[:_LOOKED_AT] and b"vbaProject.bin" not in content:
        return next((type_ for part, type_ in _OFFICE_PARTS if part in content), "application/zip")
    return "application/zip"


def _text(content: bytes) -> str | None:
    """Plain text in UTF-8 that neither a browser nor a shell would take for more."""
    if _NOT_TEXT.search(content) or content.startswith(b"#!") or _MARKUP.search(content[:_LOOKED_AT]):
        return None
    try:
        start = content.decode("utf-8-sig")[:32].lstrip().upper()
    except UnicodeDecodeError:
        return None
    if start.startswith("BEGIN:VCARD"):
        return "text/vcard"
    return "text/calendar" if start.startswith("BEGIN:VCALENDAR") else "text/plain"
