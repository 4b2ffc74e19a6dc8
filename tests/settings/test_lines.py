"""Where each key of a TOML text stands."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.settings.lines import KeyPath, locate

TEXT = '''\
# a comment = 1
a.b."c d" = 1
"quoted \\u00e9" = "x # not a comment"   # one
date = 1979-05-27 07:32:00
[table . inner]
text = """
= [not] # a key
""""
literal = \'\'\'
[[no]]\'\'\'
list = [
  1,
  { x = 1, y = [ 2,
    3 ] }, # a comment ]
]
[[team]]
id = "one"
[team.hours]
mon = []
[[team]]
id = "two"
[[team.sub]]
z = {}
[team."+13035550100"]
'''
LINES = {
    ("a", "b", "c d"): 2,
    ("quoted é",): 3,
    ("date",): 4,
    ("table", "inner", "text"): 6,
    ("table", "inner", "literal"): 9,
    ("table", "inner", "list", 1): 13,
    ("table", "inner", "list", 1, "y", 1): 14,
    ("team", 0): 16,
    ("team", 0, "hours", "mon"): 19,
    ("team", 1): 20,
    ("team", 1, "id"): 21,
    ("team", 1, "sub", 0, "z"): 23,
    ("team", 1, "+13035550100"): 24,
}


def paths(node: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from paths(value, (*path, key))


def test_keys_are_found_in_every_form() -> None:
    """Dotted, quoted, inline, in arrays, in tables and in arrays of tables."""
    found = locate(TEXT)
    assert {path: found[path] for path in LINES} == LINES
    assert set(paths(tomllib.loads(TEXT))) == set(found)


def test_line_ends_of_windows() -> None:
    """A carriage return belongs to the end of its line."""
    assert locate(TEXT) == locate(TEXT.replace("\n", "\r\n"))


KEYS = st.sampled_from(["a", "b-1", '"a"', "'b.c'", '"\\"#"', "a.b", "a . 'c'"])
STRINGS = ['"#"', '"\\"]"', "'}'", '"""\n"]"""""', "'''\n'''''", "1", "1e5", "true", "1979-05-27 07:32:00"]
VALUES = st.recursive(
    st.sampled_from(STRINGS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[ # ]\n" + "\n, ".join(items) + " ]"),
        st.lists(st.tuples(KEYS, inner), max_size=2).map(
            lambda pairs: "{ " + ", ".join(f"{key} = {value}" for key, value in pairs) + " }"
        ),
    ),
    max_leaves=6,
)
HEADERS = KEYS.flatmap(lambda key: st.sampled_from([f"[{key}] # x", f"[[ {key} ]]"]))
STATEMENTS = st.one_of(HEADERS, st.tuples(KEYS, VALUES).map(" =\t".join), st.just(" # [x]"), st.just(""))


@settings(deadline=None)
@given(st.lists(STATEMENTS, max_size=8).map("\n".join))
def test_every_key_of_a_valid_text_has_a_line(text: str) -> None:
    """Whatever the standard library reads, the locator finds, key for key."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    found = locate(text)
    assert set(paths(data)) == set(found)
    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())
