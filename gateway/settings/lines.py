"""On which line each key of a TOML text stands. This file trusts its text: `tomllib` has accepted it before.

The parser of the standard library keeps no positions, so the text is read a second time, for keys only.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Callable, Mapping

from gateway.errors import Misuse

KeyPath = tuple[str | int, ...]
"""Keys and positions from the root: ("team", 0, "hours", "mon-fri", 1)."""

_GAP = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_BLANK = re.compile(r"[ \t]*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{1,2})?'
    r"|'''.*?'''(?:'{1,2})?"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE = re.compile(r"[^,\]}#\n]+")


def locate(text: str) -> Mapping[KeyPath, int]:
    """The 1-based line of every key, table and array element of a valid TOML text."""
    scanner = _Scanner(text.replace("\r\n", "\n"))
    scanner.document()
    return scanner.lines


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self._newlines = [match.start() for match in re.finditer("\n", text)]
        self._lengths: dict[KeyPath, int] = {}

    def document(self) -> None:
        table: KeyPath = ()
        while self._skip(_GAP) < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> KeyPath:
        line, double = self._line(), self.text.startswith("[[", self.at)
        self.at += 2 if double else 1
        *parents, last = self._keys()
        self.at += 2 if double else 1
        table = (*self._descend((), parents, line), last)
        if double:
            self._mark(table, line)
            self._lengths[table] = self._lengths.get(table, 0) + 1
            table = (*table, self._lengths[table] - 1)
        self._mark(table, line)
        return table

    def _pair(self, table: KeyPath) -> None:
        line = self._line()
        *parents, last = self._keys()
        self.at += 1  # the equals sign
        self._skip(_BLANK)
        path = (*self._descend(table, parents, line), last)
        self._mark(path, line)
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        match self.text[self.at]:
            case "{":
                self._items("}", lambda _: self._pair(path))
            case "[":
                self._items("]", lambda index: self._element((*path, index)))
            case '"' | "'":
                self._take(_STRING)
            case _:
                self._take(_BARE)

    def _items(self, closing: str, item: Callable[[int], None]) -> None:
        self.at += 1
        index = 0
        while self.text[self._skip(_GAP)] != closing:
            item(index)
            index += 1
            if self.text[self._skip(_GAP)] == ",":
                self.at += 1
        self.at += 1

    def _element(self, path: KeyPath) -> None:
        self._mark(path, self._line())
        self._value(path)

    def _keys(self) -> list[str]:
        """A dotted key; leaves the position behind it and its blanks."""
        keys: list[str] = []
        while True:
            self._skip(_BLANK)
            raw = self._take(_KEY)
            keys.append(next(iter(tomllib.loads(f"{raw} = 0"))) if raw[0] in "\"'" else raw)
            if self.text[self._skip(_BLANK)] != ".":
                return keys
            self.at += 1

    def _descend(self, path: KeyPath, keys: list[str], line: int) -> KeyPath:
        """Through the parents of a key, into the newest table of an array of tables."""
        for key in keys:
            path = (*path, key)
            self._mark(path, line)
            if path in self._lengths:
                path = (*path, self._lengths[path] - 1)
        return path

    def _mark(self, path: KeyPath, line: int) -> None:
        self.lines.setdefault(path, line)

    def _line(self) -> int:
        return bisect_right(self._newlines, self.at - 1) + 1

    def _skip(self, pattern: re.Pattern[str]) -> int:
        self._take(pattern)
        return self.at

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise Misuse("the line locator was given a text that is not TOML")
        self.at = match.end()
        return match.group()
