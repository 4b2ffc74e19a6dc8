"""Words to find things by: the same for what is stored and what is asked.

Each word is kept with its team's id in front, so that what is common in other teams costs nothing in mine. Words are
folded (case, accents); scripts written without spaces are kept character by character, and found as phrases.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

MARK: Final = "§"
"""Between the team and the word. Neither an id nor a word can have it."""
MOST_WORDS: Final = 12
"""Of one question; the rest is left out."""
SHORTEST_PREFIX: Final = 2
"""Characters that the last word needs to find words that begin with it."""

_WORD: Final = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\u0e00-\u0e7f]|[^\\W_]+"  # Kana, Han, Hangul, Thai
)
_UNSPACED: Final = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")


def words(text: str) -> list[str]:
    """The words of a text, folded, in order."""
    folded = text if text.isascii() else _without_accents(text)
    return _WORD.findall(folded.casefold())


def _without_accents(text: str) -> str:
    """NFKD (Unicode Standard Annex 15) without combining marks; Hangul and Kana put together again."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", plain)


def number_words(number: str) -> list[str]:
    """What a phone number is looked for by: all its digits, the national part's last ten, seven and four."""
    digits = "".join(c for c in number if c.isascii() and c.isdigit())
    return sorted({digits[-length:] for length in (15, 10, 7, 4) if len(digits) >= length} | {digits} - {""})


def document(team: str, found: Sequence[str]) -> str:
    """What is indexed for one team."""
    return " ".join(f"{team}{MARK}{word}" for word in found)


def question(teams: Sequence[str], text: str) -> str | None:
    """An FTS5 query (https://sqlite.org/fts5.html, "Full-text Query Syntax") for texts of these teams that have every
    word, the last as a beginning too; None when there is nothing to look for. Every word is quoted: nothing in it is
    syntax."""
    asked = words(text)[:MOST_WORDS]
    if not asked or not teams:
        return None
    return " OR ".join(f"({_of_team(team, asked, text)})" for team in teams)


def _of_team(team: str, asked: Sequence[str], text: str) -> str:
    terms = []
    for position, word in enumerate(asked):
        last = position == len(asked) - 1 and not text[-1:].isspace()
        begins = last and len(word) >= SHORTEST_PREFIX and not _UNSPACED.match(word)
        follows = position and _UNSPACED.match(word) and _UNSPACED.match(asked[position - 1])
        terms.append((" + " if follows else " ") + f'"{team}{MARK}{word}"' + (" *" if begins else ""))
    return "".join(terms).strip()
