"""Segments as the console counts them, against Twilio's own calculator on a thousand texts."""

from __future__ import annotations

import json
import random
import subprocess

import pytest

from tests.conftest import NEEDS, ROOT

ASCII = ["a", "b", "Z", " ", "7", "@", "\n", "\r\n", "é", "ñ", "Ω"]
ESCAPED = ["€", "[", "]", "{", "}", "^", "|", "~", "\\", "\f"]
WIDE = ["—", "ç", "á", "e\u0301", "汉", "א", "ह", "각", "\u2019"]
EMOJI = ["😀", "👍🏽", "❤️", "🇩🇪", "1️⃣", "👨‍👩‍👧", "👩‍❤️‍👩"]
EDGES = [70, 67, 134, 160, 153, 306, 459]

COMPARE = """
const { SegmentedMessage } = require(process.argv[1]);
import(process.argv[2]).then(({ segments }) => {
  const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
  const pair = (text) => {
    const ours = segments(text);
    const theirs = new SegmentedMessage(text);
    return [[ours.encoding, ours.segments], [theirs.encodingName, theirs.segmentsCount], text];
  };
  console.log(JSON.stringify(texts.map(pair).filter(([ours, theirs]) => String(ours) !== String(theirs))));
});
"""


def generated(count: int) -> list[str]:
    """Texts of every kind, many of them with something that must stay whole across the end of a segment."""
    chance = random.Random(23_038)
    texts = []
    for place in range(count):
        pool = [ASCII, ASCII + ESCAPED, ASCII + WIDE, ASCII + ESCAPED + WIDE + EMOJI][place % 4]
        edge = "a" * max(0, chance.choice(EDGES) - chance.randrange(4)) if place % 3 else ""
        middle = chance.choice(ESCAPED if place % 4 < 2 else EMOJI) if place % 3 else ""
        texts.append(edge + middle + "".join(chance.choices(pool, k=chance.randrange(1, 300))))
    return texts


@pytest.mark.needs("segments")
def test_segments_as_twilio_counts_them() -> None:
    """A thousand texts have the encoding and the segments that Twilio's calculator says."""
    module = (ROOT / "gateway/pages/console/segments.js").as_uri()
    run = subprocess.run(
        ["node", "-e", COMPARE, str(NEEDS["segments"].parent), module],
        input=json.dumps(generated(1_000)), capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert [] == json.loads(run.stdout)
