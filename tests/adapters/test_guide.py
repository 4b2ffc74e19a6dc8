"""The example in docs/adapters.md is a complete adapter: it is cut out, run, and passes its own tests."""

from __future__ import annotations

import re
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import ModuleType

from gateway.channels.contract import Adapter
from gateway.channels.testing import AdapterContract, Provider

GUIDE = Path(__file__).parents[2] / "docs" / "adapters.md"


def _example() -> ModuleType:
    code = "\n\n".join(re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL))
    module = ModuleType("teamline_postcards")
    sys.modules[module.__name__] = module  # where pydantic looks for the names in annotations
    exec(compile(code, str(GUIDE), "exec"), module.__dict__)
    return module


class TestPostcards(AdapterContract):
    """The guide's own test class, by its own play."""

    def play(self) -> AbstractAsyncContextManager[Provider]:
        played: AbstractAsyncContextManager[Provider] = _example().TestPostcards().play()
        return played


def test_the_guide_names_every_member_of_the_contract() -> None:
    """The table of an adapter's members leaves none out."""
    members = {name for name in (*vars(Adapter), *Adapter.__annotations__) if not name.startswith("_")}
    assert set() == {name for name in members if f"`{name}" not in GUIDE.read_text()}
