"""Names of files: what is left of one that somebody else chose. It is shown and saved under, and never a path of ours.

Its ending is that of the content, so that what is saved opens as what it is.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import quote

from gateway.files.kinds import KINDS, Kind

LONGEST: Final = 100
_RESERVED: Final = re.compile(r'[<>:"|?*%;&$`\'{}#!]')
"""What a shell, a file system or a header would read as more than a letter."""
_PICTURES: Final = frozenset(ending for kind in KINDS.values() if kind.is_picture for ending in kind.endings)
"""Replaced rather than added to: a picture may be stored as another kind than it came."""
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
"""Names that Windows takes for devices, whatever ending they have."""


def safe_name(said: str, kind: Kind) -> str:
    """A name to show and to save a file of this kind under."""
    stem, ending = _split(_clean(re.split(r"[/\\]", said)[-1]))
    if ending.lower() not in kind.endings:
        stem = stem if ending.lower() in _PICTURES and kind.is_picture else f"{stem}.{ending}".strip(". ")
        ending = kind.endings[0]
    stem = (stem[: LONGEST - len(ending) - 1].strip(". ")) or default_stem(kind.type)
    return f"_{stem}.{ending}" if _DEVICES.match(stem) else f"{stem}.{ending}"


def default_stem(type_: str) -> str:
    """What a file is called that came without a name."""
    return {"image": "picture", "audio": "audio", "video": "video"}.get(type_.partition("/")[0], "file")


def name_by_type(type_: str) -> str:
    """For a file that is known by a sender's word only."""
    kind = KINDS.get(type_)
    return default_stem(type_) + (f".{kind.endings[0]}" if kind else "")


def disposition(name: str, *, inline: bool) -> str:
    """The Content-Disposition of a name that is safe (RFC 6266, RFC 8187)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().strip(". ") or "file"
    kept = re.sub(r"[^A-Za-z0-9._ ()+,=@-]", "_", plain)
    return f"{'inline' if inline else 'attachment'}; filename=\"{kept}\"; filename*=UTF-8''{quote(name, safe='')}"


def _clean(name: str) -> str:
    """Without controls, marks of direction, what takes no room, halves of surrogates and what is reserved."""
    composed = unicodedata.normalize("NFC", name)
    seen = "".join(c for c in composed if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
    return re.sub(r"\s+", " ", _RESERVED.sub("_", seen)).strip(". ")


def _split(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    return (stem, ending) if dot and 0 < len(ending) <= 10 else (name, "")
