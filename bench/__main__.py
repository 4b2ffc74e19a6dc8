"""`python -m bench`: every benchmark there is."""

from __future__ import annotations

from bench.ingest import main

main()
