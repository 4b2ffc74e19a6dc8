"""A figure, and the table of them. A figure is never one run: it keeps what each gave."""

from __future__ import annotations

import math
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from bench import trial

WIDTH: Final = 170
"""Of a table that goes into a file."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, once in each run."""

    name: str
    values: Sequence[float]
    unit: str
    """"" for a ratio."""
    against: str
    """What it is measured against, or under what load."""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def met(self) -> bool | None:
        """None where there is no target."""
        if self.at_least is None and self.at_most is None:
            return None
        return (self.at_least or 0.0) <= self.median <= (math.inf if self.at_most is None else self.at_most)

    def measured(self) -> str:
        middle, low, high = (_said(value) for value in (self.median, min(self.values), max(self.values)))
        unit = f" {self.unit}" if self.unit else ""
        return f"{middle}{unit}" if len(self.values) == 1 else f"{middle}{unit} ({low}-{high})"

    def target(self) -> str:
        if self.met is None:
            return ""
        bound = f"<= {self.at_most:g}" if self.at_least is None else f">= {self.at_least:g}"
        return f"{bound} {self.unit}".strip() + (", met" if self.met else ", MISSED")


def _said(value: float) -> str:
    return f"{value:,.0f}" if value >= 1_000 else f"{value:.3g}"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so large a share of them does not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def make_console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)


def show(console: Console, figures: Sequence[Figure]) -> None:
    """The table, fit to be pasted into a Markdown file, and what it was measured on."""
    table = Table("figure", "measured (lowest-highest)", "target", "measured against", box=MARKDOWN)
    for figure in figures:
        table.add_row(figure.name, figure.measured(), figure.target(), figure.against)
    console.print(table)
    size = "" if trial.SCALE == 1 else f", a trial at SCALE={trial.SCALE:g}"
    console.print(f"{datetime.now(UTC):%Y-%m-%d}, {trial.ENGINE}, {_machine()}{size}", markup=False)


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    cores = len(os.sched_getaffinity(0))
    return (
        f"{model or platform.machine()}, {cores} cores, Linux {platform.release()}, Python {platform.python_version()}"
    )
