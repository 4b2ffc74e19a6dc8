"""The figures that have a target, drawn: how many times better than its target each is, on a logarithmic scale.

One SVG with its own light and dark colors, so that it stands in a README as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Final

from bench.figures import Figure

ROW: Final = 24
NAMES: Final = 330
"""Pixels for what the figures are called; the bars have the rest."""
BARS: Final = 420
WIDEST: Final = 10.0
"""Times better or worse than the target; what is beyond ends at the edge."""
MARKS: Final = (0.1, 0.3, 1.0, 3.0, 10.0)

STYLE: Final = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.small { font-size: 11px; fill: #57606a }
.line { stroke: #d0d7de } .target { stroke: #24292f; stroke-width: 1.5 }
.met { fill: #2f6f4f } .missed { fill: #b35900 } .range { stroke: #24292f }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .small { fill: #9198a1 }
  .line { stroke: #3d444d } .target, .range { stroke: #e6edf3 }
  .met { fill: #5fb98a } .missed { fill: #e0954a }
}
"""


def draw(figures: Sequence[Figure], path: Path) -> None:
    """Write the drawing of what has a target; nothing where nothing has."""
    rows = [figure for figure in figures if figure.met is not None]
    if not rows:
        return
    width, height = NAMES + BARS + 130, ROW * len(rows) + 44
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">']
    parts += ["<title>Figures against their targets</title>", f"<style>{STYLE}</style>"]
    parts += _scale(height)
    for place, figure in enumerate(rows):
        parts += _row(figure, 8 + place * ROW)
    path.write_text("\n".join([*parts, "</svg>", ""]), encoding="utf-8")


def _scale(height: int) -> Iterator[str]:
    for mark in MARKS:
        x = _x(mark)
        kind, words = ("target", "target") if mark == 1 else ("line", f"{mark:g} times")
        yield f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="4" y2="{height - 32}"/>'
        yield f'<text class="small" x="{x:.1f}" y="{height - 16}" text-anchor="middle">{words}</text>'
    yield f'<text class="small" x="{_x(1.0):.1f}" y="{height - 2}" text-anchor="middle">better to the right</text>'


def _row(figure: Figure, y: int) -> Iterator[str]:
    middle = y + ROW // 2
    low, high = sorted((_x(_score(figure, min(figure.values))), _x(_score(figure, max(figure.values)))))
    start, end = sorted((_x(1.0), _x(_score(figure, figure.median))))
    yield f'<text x="{NAMES - 12}" y="{middle + 4}" text-anchor="end">{escape(figure.name)}</text>'
    kind = "met" if figure.met else "missed"
    yield f'<rect class="{kind}" x="{start:.1f}" y="{y + 5}" width="{max(1.0, end - start):.1f}" height="{ROW - 10}"/>'
    yield f'<line class="range" x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}"/>'
    words = escape(figure.measured().partition(" (")[0])
    yield f'<text class="small" x="{NAMES + BARS + 12}" y="{middle + 4}">{words}</text>'


def _score(figure: Figure, value: float) -> float:
    """How many times better than the target a value is."""
    if figure.at_least is not None:
        return value / figure.at_least
    return (figure.at_most or 0.0) / value if value else WIDEST


def _x(score: float) -> float:
    bounded = min(WIDEST, max(1 / WIDEST, score))
    return NAMES + BARS * (math.log(bounded) / math.log(WIDEST) + 1) / 2
