"""What people write: real text messages where there are some, made-up ones of the same lengths otherwise."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

REAL: Final = Path(__file__).resolve().parents[2] / "shared" / "data" / "sms.txt"
"""Real text messages, one a line; not part of the project."""


def texts() -> list[str]:
    if REAL.is_file():
        return REAL.read_text(encoding="utf-8").splitlines()
    return list(_made_up(random.Random(1)))


def _made_up(chance: random.Random) -> Iterator[str]:
    words = ("hi", "the", "order", "has", "not", "come", "yet", "could", "you", "look", "señor", "👍", "thanks", "—")
    more = (
        "tomorrow",
        "call",
        "home",
        "tonight",
        "street",
        "number",
        "later",
        "love",
        "week",
        "please",
        "work",
        "sure",
    )
    for _ in range(500):
        yield " ".join(chance.choices(words + more, k=chance.randint(1, 30)))
