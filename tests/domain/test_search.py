"""What is asked of the index of words."""

from __future__ import annotations

import pytest

from gateway.domain import search


def stretches(team: str, newest: int) -> list[list[int]]:
    """Those that each question is for, in its order."""
    asked = search.questions([team], "storm", newest)
    return [[int(before.split("§")[1], 16) for before in one.befores] for one in asked]


@pytest.mark.parametrize(("team", "length"), [("front-range", search.STRETCH), (search.EVERYONE, search.SHORT_STRETCH)])
@pytest.mark.parametrize("count", [1, 2, 3, 8, 100])
def test_every_stretch_is_asked_for_once(team: str, length: int, count: int) -> None:
    """The questions go through all stretches from the newest to the oldest, and each is in one of them."""
    found = stretches(team, count * length - 1)
    assert list(reversed(range(count))) == [stretch for one in found for stretch in one]


def test_questions_grow() -> None:
    """The first questions are for one stretch each, the next for as many as were asked for before, up to a bound."""
    sizes = [len(one) for one in stretches(search.EVERYONE, 100 * search.SHORT_STRETCH - 1)]
    assert [1, 1, 2, 4, 8, 16, 32, 32, 4] == sizes


def test_a_text_is_found_by_the_words_that_are_kept_of_it() -> None:
    """What is asked for stands word for word in the document of a text with that id."""
    for team in ("front-range", search.EVERYONE):
        (newest, *_) = search.questions([team], "Storm ", 300_000)
        assert (("storm",),) == newest.phrases
        assert f"{newest.befores[0]}storm" in search.document("front-range", 300_000, ["storm"]).split()


def test_phrases_and_beginnings() -> None:
    """Words are looked for one by one, characters of a script without spaces one after the other; the last word may be
    a beginning, unless a space ends it or the script has none."""
    (asked, *_) = search.questions(["front-range"], "Storm 東京 ca", 1)
    assert ((("storm",), ("東", "京"), ("ca",)), True) == (asked.phrases, asked.begins)
    (asked, *_) = search.questions(["front-range"], "東京", 1)
    assert ((("東", "京"),), False) == (asked.phrases, asked.begins)
