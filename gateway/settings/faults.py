"""A validator's errors in the words of an admin. No fault repeats a value: it could be a secret in the wrong place."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from gateway.errors import Fault
from gateway.settings.document import Document
from gateway.settings.lines import KeyPath

Model = type[BaseModel]

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "string_type": ("is not text", "write it in quotes"),
    "bool_type": ("is neither true nor false", "write true or false, without quotes"),
    "bool_parsing": ("is neither true nor false", "write true or false, without quotes"),
    "int_type": ("is not a whole number", "write it in digits, without quotes"),
    "int_parsing": ("is not a whole number", "write it in digits, without quotes"),
    "int_from_float": ("is not a whole number", "write it without a fraction"),
    "float_type": ("is not a number", "write it in digits, without quotes"),
    "float_parsing": ("is not a number", "write it in digits, without quotes"),
    "finite_number": ("is not a number", "write it in digits, without quotes"),
    "tuple_type": ("is not a list", "write it in square brackets"),
    "list_type": ("is not a list", "write it in square brackets"),
    "frozen_set_type": ("is not a list", "write it in square brackets"),
    "dict_type": ("is not a table", "write it as a table"),
    "mapping_type": ("is not a table", "write it as a table"),
    "model_type": ("is not a table", "write it as a table"),
    "greater_than": ("is too small", "write more than {gt}"),
    "greater_than_equal": ("is too small", "write {ge} or more"),
    "less_than": ("is too large", "write less than {lt}"),
    "less_than_equal": ("is too large", "write {le} or less"),
    "string_too_short": ("is too short", "write at least {min_length} characters"),
    "string_too_long": ("is too long", "write at most {max_length} characters"),
    "string_pattern_mismatch": ("has the wrong form", "write what matches {pattern}"),
    "too_short": ("has too few entries", "write at least {min_length}"),
    "too_long": ("has too many entries", "write at most {max_length}"),
    "literal_error": ("is none of the choices", "write {expected}"),
}


def faults(document: Document, model: Model, error: ValidationError, base: KeyPath = ()) -> Iterator[Fault]:
    """The faults behind a validation error of the table at `base`, one for each key."""
    found: dict[KeyPath, list[ErrorDetails]] = {}
    table = _at(document.data, base)
    for details in error.errors(include_url=False, include_input=False):
        found.setdefault(_path(table, details), []).append(details)
    for path, errors in found.items():
        # Where a value may have one of several forms, each form complains; the deepest complaint understood it best.
        if not any(other[: len(path)] == path for other in found if other != path):
            yield document.fault((*base, *path), *_words(model, path, errors))


def nearest(word: str, known: Iterable[str]) -> str:
    """What would be right instead of an unknown word."""
    choices = sorted(known)
    near = difflib.get_close_matches(word, choices, 1)
    return f'did you mean "{near[0]}"?' if near else f"known here: {', '.join(choices) or 'nothing'}"


def _path(table: Any, details: ErrorDetails) -> KeyPath:
    """Where in the file it is: without the names of forms and functions that the validator adds."""
    path: KeyPath = ()
    node = table
    for part in details["loc"]:
        inner = _child(node, part)
        if inner is not None:
            path, node = (*path, part), inner
    if details["type"] == "missing":
        return (*path, details["loc"][-1])
    return path or details["loc"][:1]  # a default that will not do is nowhere in the file


def _child(node: Any, part: str | int) -> Any:
    if isinstance(node, Mapping):
        return node.get(part)
    return node[part] if isinstance(node, list) and isinstance(part, int) and part < len(node) else None


def _at(node: Any, path: KeyPath) -> Any:
    for part in path:
        node = _child(node, part)
    return node


def _words(model: Model, path: KeyPath, errors: list[ErrorDetails]) -> tuple[str, str]:
    """(what is wrong, what would be right). Our own validators know better than types do."""
    details = next((error for error in errors if "error" in error.get("ctx", {})), errors[0])
    if "error" in details.get("ctx", {}):
        wrong, _, right = str(details["ctx"]["error"]).partition("; ")
        return wrong, right or "see what the documentation says of this key"
    match details["type"]:
        case "extra_forbidden":
            return "is not a known key", nearest(str(path[-1]), _fields(model, path[:-1]))
        case "missing":
            return "is missing", _example(str(path[-1]), _fields(model, path[:-1]))
    words = dict.fromkeys(_WORDS[error["type"]] for error in errors if error["type"] in _WORDS)
    context = {
        key: f"{value:g}" if isinstance(value, float) else value for key, value in details.get("ctx", {}).items()
    }
    if not words:
        return "cannot be used", f"it {details['msg'].removeprefix('Input ')}"
    return next(iter(words))[0], ", or ".join(right.format(**context) for _, right in words)


def _fields(model: Model, path: KeyPath) -> Mapping[str, FieldInfo]:
    """The keys that the models know at a place."""
    models = [model]
    for part in path:
        inner = [fields[part] for fields in map(_keys, models) if part in fields]
        models = [found for field in inner for found in _models(field.annotation)] if inner else models
    return {key: field for found in models for key, field in _keys(found).items()}


def _keys(model: Model) -> Mapping[Any, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _models(annotation: Any) -> Iterator[Model]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _example(key: str, fields: Mapping[str, FieldInfo]) -> str:
    examples = fields[key].examples if key in fields else None
    return f'add such as {key} = "{examples[0]}"' if examples else f"add {key}"
