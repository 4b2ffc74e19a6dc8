"""What is left of a name that somebody else chose can be shown and saved, and is never a path."""

from __future__ import annotations

import unicodedata
from email.message import Message
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.files.kinds import KINDS
from gateway.files.names import LONGEST, disposition, name_by_type, safe_name

JPEG, TEXT, PDF = KINDS["image/jpeg"], KINDS["text/plain"], KINDS["application/pdf"]

NAMES = {
    "../../etc/passwd": "passwd.txt",
    "C:\\Users\\ana\\boot.txt": "boot.txt",
    "evil.html": "evil.html.txt",
    "run.sh\x00.txt": "run.sh.txt",
    "\u202efdp.exe": "fdp.exe.txt",
    "<img src=x onerror=alert(1)>.txt": "_img src=x onerror=alert(1)_.txt",
    "a\r\nSet-Cookie: x=1.txt": "aSet-Cookie_ x=1.txt",
    "...": "file.txt",
    "CON": "_CON.txt",
    "NUL.txt": "_NUL.txt",
    "📷 Grüße.txt": "📷 Grüße.txt",
    "Noten (1).TXT": "Noten (1).TXT",
    "\ud800x": "x.txt",
    "x" * 5_000: "x" * (LONGEST - 4) + ".txt",
}


@pytest.mark.parametrize("said", NAMES, ids=range(len(NAMES)))
def test_names(said: str) -> None:
    """Paths, NULs, marks of direction, scripts, headers and devices are gone; the ending is the content's."""
    assert NAMES[said] == safe_name(said, TEXT)


@given(st.text(max_size=300))
@example("\u200f.\u2028")
def test_any_name(said: str) -> None:
    """Any name becomes one that is short, visible, no path, of the right ending, and stays as it is from then on."""
    name = safe_name(said, PDF)
    assert 4 < len(name) <= LONGEST + 1
    assert not {unicodedata.category(c) for c in name} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not set(name) & set('/\\<>:"|?*%\r\n')
    assert name.lower().endswith(".pdf")
    assert not name.startswith(".")
    assert name == safe_name(name, PDF)


@given(st.text(max_size=300))
def test_any_disposition(said: str) -> None:
    """The header has one line and one parameter of each kind, and gives the name back."""
    name = safe_name(said, PDF)
    header = disposition(name, inline=False)
    assert header.isascii()
    assert header.isprintable()
    parsed = Message()
    parsed["Content-Disposition"] = header
    assert "attachment" == parsed.get_content_disposition()
    assert name == unquote(header.rpartition("filename*=UTF-8''")[2])


def test_pictures_change_their_ending() -> None:
    """A picture that was stored as another kind takes that kind's ending in place of its own."""
    assert "storm.jpg" == safe_name("storm.webp", JPEG)
    assert "storm.exe.jpg" == safe_name("storm.exe", JPEG)


def test_without_a_name() -> None:
    """What a provider sends has no name, and gets one by its type."""
    assert ["picture.jpg", "file.pdf", "file"] == [name_by_type(t) for t in ("image/jpeg", "application/pdf", "x/y")]
