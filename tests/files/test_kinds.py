"""What a file is follows from its content, and what is not in the table is nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.files.kinds import KINDS, USUAL, kind_said, recognize
from tests.files import samples

KNOWN = {
    "image/jpeg": samples.picture(),
    "image/png": samples.picture("PNG"),
    "image/gif": samples.picture("GIF", mode="P"),
    "image/webp": samples.picture("WEBP"),
    "application/pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
    "text/plain": "Grüße\nsecond line\twith a tab 🌩".encode(),
    "text/vcard": b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Rosa\r\nEND:VCARD\r\n",
    "text/calendar": b"\xef\xbb\xbfBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
    "audio/amr": b"#!AMR\n" + bytes(20),
    "audio/mpeg": b"ID3\x04" + bytes(20),
    "audio/mp4": b"\0\0\0\x20ftypM4A " + bytes(20),
    "audio/ogg": b"OggS" + bytes(20),
    "audio/wav": b"RIFF\x24\0\0\0WAVEfmt " + bytes(20),
    "video/3gpp": b"\0\0\0\x18ftyp3gp4" + bytes(20),
    "video/mp4": samples.mp4(),
    "video/quicktime": b"\0\0\0\x14ftypqt  " + bytes(20),
    "video/webm": b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm" + bytes(20),
    "application/zip": b"PK\x03\x04" + bytes(60),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": samples.docx(),
}

NOTHING = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "svg after a prolog": b'<?xml version="1.0"?><svg/>',
    "html": b"<!DOCTYPE html><script>alert(1)</script>",
    "html after a greeting": b"Hello there\n\n<html><body onload=alert(1)>",
    "html after spaces": b" \r\n\t<HTML>",
    "html in UTF-16": "<html><script>alert(1)</script>".encode("utf-16"),
    "php": b"<?php system($_GET['c']); ?>",
    "shell": b"#!/bin/sh\nrm -rf ~\n",
    "windows program": b"MZ\x90\x00\x03" + bytes(60),
    "linux program": b"\x7fELF\x02\x01\x01" + bytes(60),
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "avif": b"\0\0\0\x1cftypavif" + bytes(20),
    "tiff": b"II*\0" + bytes(20),
    "rar": b"Rar!\x1a\x07\x01\x00",
    "gzip": b"\x1f\x8b\x08\x00" + bytes(20),
    "matroska": b"\x1a\x45\xdf\xa3" + bytes(80),
    "pdf after something": b"hello\x00%PDF-1.7",
    "text with a NUL": b"hello\x00there",
    "latin-1": "Grüße".encode("latin-1"),
}


@pytest.mark.parametrize("type_", KNOWN)
def test_known(type_: str) -> None:
    """Each type of the table is recognized by its content."""
    assert KINDS[type_] is recognize(KNOWN[type_])


@pytest.mark.parametrize("name", NOTHING)
def test_nothing(name: str) -> None:
    """What could run, what no table names and what is no text is not recognized as anything."""
    assert recognize(NOTHING[name]) is None


def test_zips() -> None:
    """A zip is not taken unless the config says so, and an office document with macros is but a zip."""
    assert not {type_ for type_ in USUAL if "zip" in type_ or "officedocument" in type_}
    assert KINDS["application/zip"] is recognize(samples.docx(b"word/vbaProject.bin"))


@given(st.binary(max_size=200))
def test_anything(content: bytes) -> None:
    """No bytes break it, and nothing with a NUL is text."""
    kind = recognize(content)
    assert kind is None or not (kind.type.startswith("text/") and b"\0" in content)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("image/JPEG; charset=binary", "image/jpeg"),
        ("<script>alert(1)</script>", "application/octet-stream"),
        ("image/png\r\nX-Evil: 1", "application/octet-stream"),
        ("", "application/octet-stream"),
        ("a/" + "b" * 400, "application/octet-stream"),
    ],
)
def test_said(said: str, kept: str) -> None:
    """A sender's word for a type is kept only where it has the form of one."""
    assert kept == kind_said(said)
