"""The pages: static files, served from this package as they stand.

This file only says where they are. `/static/<path>` is `FOLDER/<path>`; `/console`, `/chat`, `/demo` and
`/book/{token}` are the index files of the folders of those names. Nothing here is rendered on the server, so nothing a
customer wrote can become markup here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent
