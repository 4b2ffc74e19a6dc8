"""The parts of the console that are pure: they are imported in the browser and asked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pages.conftest import Visitor

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]


async def ask(visitor: Visitor, module: str, expression: str, argument: Any = None) -> Any:
    """Evaluates an expression over `m`, the module, and `a`, the argument."""
    await visitor.page.goto(f"{visitor.origin}/console")
    code = f"async a => {{ const m = await import('/static/console/{module}.js'); return {expression} }}"
    return await visitor.page.evaluate(code, argument)


async def test_sms_segments(visitor: Visitor) -> None:
    """Segments are counted as 3GPP TS 23.038 and 23.040 say, with no escape or surrogate pair split between two."""
    texts = {
        "": ("GSM-7", 0),
        "a" * 160: ("GSM-7", 1),
        "a" * 161: ("GSM-7", 2),
        "a" * 306: ("GSM-7", 2),
        "a" * 307: ("GSM-7", 3),
        "€" * 80: ("GSM-7", 1),
        "€" * 81: ("GSM-7", 2),
        "a" * 152 + "€" + "a" * 152: ("GSM-7", 3),
        "ñ@Ω\n": ("GSM-7", 1),
        "ç": ("UCS-2", 1),
        "—" * 70: ("UCS-2", 1),
        "—" * 71: ("UCS-2", 2),
        "—" * 134: ("UCS-2", 2),
        "—" * 135: ("UCS-2", 3),
        "😀" * 35: ("UCS-2", 1),
        "😀" * 36: ("UCS-2", 2),
        "😀" * 66: ("UCS-2", 2),
        "😀" * 67: ("UCS-2", 3),
    }
    found = await ask(visitor, "segments", "a.map(m.segments).map(s => [s.encoding, s.segments])", list(texts))
    assert [list(each) for each in texts.values()] == found


async def test_the_stream_is_parsed_however_it_is_cut(visitor: Visitor) -> None:
    """Events come out whole and once, wherever the network cut the bytes and whichever line ends were used."""
    stream = ": here\r\n\r\nevent: a\r\nid: 1\r\ndata: x\r\ndata: y\r\n\r\n"
    stream += "id: 2\ndata: z\n\nretry: 5\n\ndata: w\n\ndata: cut"
    events = """Array.from({ length: a.length }, (_, cut) => {
      const parser = new m.Parser()
      return JSON.stringify([...parser.feed(a.slice(0, cut)), ...parser.feed(a.slice(cut))])
    }).filter((each, place, all) => all.indexOf(each) === place).map(JSON.parse)"""
    expected = [
        {"id": "1", "kind": "a", "data": "x\ny"},
        {"id": "2", "kind": "message", "data": "z"},
        {"id": "2", "kind": "message", "data": "w"},
    ]
    assert [expected] == await ask(visitor, "feed", events, stream)


async def test_a_steady_order_holds_still(visitor: Visitor) -> None:
    """A held order keeps its rows in place, adds only below them, and counts what would have risen."""
    expression = """(() => {
      const steady = new m.Steady()
      const versions = { a: 1, b: 1, c: 1, d: 1, e: 1 }
      const version = id => versions[id]
      steady.follow(["a", "b", "c"], version)
      versions.c = 2
      const order = ["e", "c", "a", "d"]
      steady.hold(order, version, { exists: id => id !== "b" })
      return [steady.shown, steady.waiting(order, version)]
    })()"""
    assert [["a", "c", "d"], 2] == await ask(visitor, "steady", expression)


async def test_times_in_words(visitor: Visitor) -> None:
    """Waiting is told in the words of the look: now, minutes, hours, days."""
    spans = [0, 59, 60, 12 * 60, 3_600, 23 * 3_600, 86_400, 3 * 86_400]
    found = await ask(visitor, "time", "a.map(s => m.since(new Date(1e12 - s * 1000).toISOString(), 1e12))", spans)
    assert ["now", "now", "1 min", "12 min", "1 h", "23 h", "1 day", "3 days"] == found
