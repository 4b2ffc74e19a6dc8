"""One TOML file as text, values and lines. This file refuses what is not a readable, reasonable TOML file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.errors import ConfigError, Fault
from gateway.settings.lines import KeyPath, locate

LARGEST: Final = 256 * 1024
"""Bytes of one file: a thousand times what a large company needs."""
DEEPEST: Final = 16
"""Levels of tables and arrays."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Document:
    """A file of the configuration; `path` is shown to people as it was given."""

    path: str
    data: Mapping[str, Any]
    lines: Mapping[KeyPath, int]

    def fault(self, key: KeyPath, problem: str, remedy: str) -> Fault:
        """A fault at the line of this key, or of the nearest table around it."""
        parents = (key[:length] for length in range(len(key), 0, -1))
        line = next((self.lines[parent] for parent in parents if parent in self.lines), 0)
        return Fault(self.path, line, dotted(key), _plain(problem), _plain(remedy))


def dotted(key: KeyPath) -> str:
    """A key as it is written in TOML. Positions are left out: the line says them."""
    names = [part for part in key if isinstance(part, str)]
    return ".".join(name if _BARE_KEY.fullmatch(name) else f'"{_plain(name)}"' for name in names) or "file"


def read(path: Path) -> Document:
    """Read one file. Raises ConfigError with its one fault."""
    text = _text(path)
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise _whole(path, "is nested too deeply", "write plain tables and lists") from None
    except ValueError as error:
        raise _syntax(path, text, str(error)) from None
    if _depth(data) > DEEPEST:
        raise _whole(path, "is nested too deeply", "write plain tables and lists")
    return Document(str(path), data, locate(text))


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            there = path.is_symlink() or path.exists()
            raise _whole(path, "is not a file" if there else "is missing", "put a TOML file there")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise _whole(path, f"cannot be read ({error.strerror})", "let this user read it") from None
    if not content:  # as an editor leaves it for a moment, between emptying a file and writing it
        raise _whole(path, "is empty", "write its keys, or a comment if its defaults are meant")
    if len(content) > LARGEST:
        raise _whole(path, "is too large", f"keep it under {LARGEST // 1024} KiB")
    if content.startswith(b"\xef\xbb\xbf"):
        raise ConfigError(
            (Fault(str(path), 1, "file", "starts with a byte order mark", "save it as UTF-8 without one"),)
        )
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError((Fault(str(path), line, "file", "is not UTF-8", "save it as UTF-8"),)) from None


def _syntax(path: Path, text: str, message: str) -> ConfigError:
    """`tomllib` says where in its message only."""
    where = _AT_LINE.search(message)
    if where is None:
        return _whole(path, "is not TOML", "check the form of its dates and numbers")
    line = int(where[1]) if where[1] else text.rstrip("\n").count("\n") + 1
    said = _plain(_AT_LINE.sub("", message))
    problem = f"is not TOML ({said[:1].lower()}{said[1:]})"
    return ConfigError((Fault(str(path), line, "file", problem, "correct this line, or the one before it"),))


def _depth(data: Mapping[str, Any]) -> int:
    """Levels of nesting, found without recursion and only as far as it matters."""
    level: list[Any] = [data]
    depth = 0
    while level and depth <= DEEPEST:
        depth += 1
        inner = (node.values() if isinstance(node, dict) else node for node in level)
        level = [value for values in inner for value in values if isinstance(value, dict | list)]
    return depth


def _whole(path: Path, problem: str, remedy: str) -> ConfigError:
    return ConfigError((Fault(str(path), 0, "file", problem, remedy),))


def _plain(text: str) -> str:
    """Without what would break a line of output."""
    return "".join(char if char.isprintable() else "?" for char in text)
