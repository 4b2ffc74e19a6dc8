"""What the docs say that a program can check: drawings equal the tables, links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.domain.delivery import MOVES, REPORTS, STATES

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    path for where in ("*.md", "docs/**/*.md", "adapters/*/README.md", "deploy/README.md") for path in ROOT.glob(where)
)


def _drawing() -> list[str]:
    """The state tables as Mermaid lines: an arrow per pair of states, with our own moves and "report"."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, step), after in MOVES.items():
        arrows.setdefault((state, after), []).append(step)
    for (state, _), after in REPORTS.items():
        arrows.setdefault((state, after), []).append("report")
    order: dict[str, int] = {state: place for place, state in enumerate(STATES)}
    pairs = sorted(arrows, key=lambda pair: (order[pair[0]], order[pair[1]]))
    return ["stateDiagram-v2", "  [*] --> queued", *(f"  {a} --> {b}: {', '.join(arrows[a, b])}" for a, b in pairs)]


def test_delivery_drawing() -> None:
    """The diagram of a delivery's states in the architecture page is drawn from the tables of the code."""
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    drawn = re.search(r"```mermaid\n(stateDiagram-v2\n.*?)\n```", page, re.DOTALL)
    assert drawn is not None
    assert _drawing() == drawn[1].splitlines()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links(page: Path) -> None:
    """Every relative link leads to a file or folder, and its anchor to a heading."""
    broken = []
    for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in _anchors(there)):
            broken.append(target)
    assert [] == broken


def _anchors(page: Path) -> set[str]:
    """A heading's anchor as forges make it."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_decisions() -> None:
    """Each decision record has the next number, a date, and says context, decision and consequences."""
    records = sorted((ROOT / "docs/adr").glob("*.md"))
    assert list(range(1, len(records) + 1)) == [int(record.name[:4]) for record in records]
    for record in records:
        text = record.read_text(encoding="utf-8")
        assert re.search(r"^Date: \d{4}-\d\d-\d\d$", text, re.MULTILINE), record
        assert ["Context", "Decision", "Consequences"] == re.findall(r"^## (.+)$", text, re.MULTILINE), record
