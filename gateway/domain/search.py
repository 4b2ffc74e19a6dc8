"""Words to find things by: the same for what is stored and what is asked.

Each word is kept with its team's id in front, so that what is common in other teams costs nothing in mine; and once
more for EVERYONE, so that whoever holds all teams need not ask for each. Behind that stands the stretch of ids that the
text is in: the beginning of a word is looked for in one stretch after the other, newest first, never in all texts at
once. Words are folded (case, accents); scripts written without spaces are kept character by character, and found as
phrases.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

MARK: Final = "§"
"""Between the team, the stretch and the word. Neither an id nor a word can have it."""
EVERYONE: Final = ""
"""Stands for all teams together. No team has this id."""
STRETCH: Final = 1 << 18
"""Ids in one stretch of a team's words: short enough for a team that writes a third of them, long enough that a word
which is not there is soon looked for in all."""
SHORT_STRETCH: Final = 1 << 15
"""Of everyone's words, of which there are many more."""
MOST_STRETCHES: Final = 32
"""Asked for at once."""
MOST_WORDS: Final = 12
"""Of one question; the rest is left out."""
SHORTEST_PREFIX: Final = 2
"""Characters that the last word needs to find words that begin with it."""

_WORD: Final = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\u0e00-\u0e7f]|[^\\W_]{1,255}"  # Kana, Han, Hangul, Thai
)
"""A longer word is several: with what stands in front of it, PostgreSQL's index takes 2,046 bytes of one."""
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


def document(team: str, id_: int, found: Sequence[str]) -> str:
    """What is indexed for a text of one team: its words, in order, between spaces."""
    own, all_ = _before(team, id_ // _length(team)), _before(EVERYONE, id_ // _length(EVERYONE))
    return " ".join([own + word for word in found] + [all_ + word for word in found])


@dataclass(frozen=True, slots=True)
class Question:
    """What to look for in some stretches: `befores` are what its words have in front of them, one of which will do."""

    befores: tuple[str, ...]
    phrases: tuple[tuple[str, ...], ...]
    """Each of these must be there; words of one phrase, one after the other."""
    begins: bool
    """Whether the last word may be the beginning of one."""


def questions(teams: Sequence[str], text: str, newest: int) -> Iterator[Question]:
    """For texts of these teams that have every word, the last as a beginning too; none when there is nothing to look
    for.

    Each is for older texts than the one before, from the id `newest` down to 1. The first are for one stretch each,
    since a common word is found in it often enough; then for more and more, since a rare one is in few.
    """
    asked = words(text)[:MOST_WORDS]
    if not asked or not teams:
        return
    begins = len(asked[-1]) >= SHORTEST_PREFIX and not text[-1:].isspace() and not _UNSPACED.match(asked[-1])
    phrases = tuple(_phrases(asked))
    top = last = newest // _length(teams[0])
    while last >= 0:
        looked = top - last  # as many again: one, one, two, four ...
        first = max(0, last + 1 - min(looked or 1, MOST_STRETCHES))
        befores = (_before(team, stretch) for stretch in range(last, first - 1, -1) for team in teams)
        yield Question(tuple(befores), phrases, begins)
        last = first - 1


def _length(team: str) -> int:
    return STRETCH if team else SHORT_STRETCH


def _before(team: str, stretch: int) -> str:
    return f"{team}{MARK}{stretch:x}{MARK}"


def _phrases(asked: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Words one by one, and runs of characters of a script without spaces."""
    phrase: tuple[str, ...] = ()
    for word in asked:
        if phrase and not (_UNSPACED.match(word) and _UNSPACED.match(phrase[-1])):
            yield phrase
            phrase = ()
        phrase = (*phrase, word)
    yield phrase
