"""What would make a robot of an adapter or a team is refused by name, in any file, at any depth.

Teamline has no option by which a program could write to a customer. An admin who looks for one learns here why it is
missing, instead of "unknown key"; and an adapter of a third party that brings one does not start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.errors import Fault
from gateway.settings.document import Document
from gateway.settings.lines import KeyPath

PROBLEM: Final = "would let a program write to customers"
REMEDY: Final = "take it out: people write every answer here, and pages show facts such as a team's hours"

_WHOLE = re.compile(
    r"ai|answers|assistant|bots?|chatgpt|dialogs?|faq|flows?|gpt|intents?|ivr|llm|macros?"
    r"|menus?|ooo|persona|prompts?|replies|responses|robots?|scripts?|snippets?|triggers?|vacation"
)
_PART = re.compile(
    r"auto(matic(ally)?|mated)?(repl|respon|answer|messag|text|greet|acknowledg)|chatbot|outofoffice|outofhours|afterhours"
    r"|vacation(repl|respon|messag)|(away|absence|welcome|offline|closed|busy|holiday)(messag|text|repl|respon|notice)"
    r"|(repl(y|ies)|response|answer)(text|messag|bod|content)"
    r"|greeting|keyword|template|canned|suggest|smartrepl|quickrepl|typingindicator|ivrmenu|systemprompt"
)


def robots(document: Document) -> Iterator[tuple[KeyPath, Fault]]:
    """The outermost keys that are refused."""
    for path in _refused((), document.data):
        yield path, document.fault(path, PROBLEM, REMEDY)


def _refused(path: KeyPath, node: Any) -> Iterator[KeyPath]:
    items = node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        if isinstance(key, str) and (is_robot(key) or _PART.search(_bare("".join(_names((*path, key)))))):
            yield (*path, key)
        else:
            yield from _refused((*path, key), value)


def _names(path: KeyPath) -> Iterator[str]:
    """The keys of a path, without positions in lists: `[auto]` with `reply` below it is one name in two places."""
    return (part for part in path if isinstance(part, str))


def is_robot(key: str) -> bool:
    """Whether a key names automatic words, however it is spelled."""
    bare = _bare(key)
    return (_WHOLE.fullmatch(bare) or _PART.search(bare)) is not None


def _bare(key: str) -> str:
    return re.sub(r"[\W_]+", "", key.casefold())
