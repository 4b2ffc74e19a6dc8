"""How long and how large a run is. `make bench` measures at full size; the environment makes a trial of it.

SECONDS=1 PAIRS=2 SCALE=0.01 python -m bench ingest million
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
CACHE: Final = ROOT / ".cache"
"""On the disk of the project, since a temporary folder is often memory, where a sync costs nothing."""
ENGINE: Final = os.environ.get("ENGINE", "sqlite")
"""What the gateway keeps its data in."""
ENGINES: Final = ("sqlite", "postgresql")
PAIRS: Final = int(os.environ.get("PAIRS", "5"))
"""How often the gateway and what it is measured against take turns."""
SECONDS: Final = float(os.environ.get("SECONDS", "4"))
"""How long each turn lasts."""
SCALE: Final = float(os.environ.get("SCALE", "1"))
"""Part of the full number of consoles, connections and messages."""


def scaled(full: int, least: int = 10) -> int:
    return max(least, round(full * SCALE))


def refuse_unknown_engine() -> None:
    if ENGINE not in ENGINES:
        raise SystemExit(f"ENGINE={ENGINE}: what can be measured is {', '.join(ENGINES)}")
