"""What the tests of the feed share."""

from __future__ import annotations

from tests.company import company, engine

__all__ = ["company", "engine"]
