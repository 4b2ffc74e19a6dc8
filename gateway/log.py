"""What the program says about itself, on stderr: JSON lines in production, readable lines on a terminal.

This file owns how a line looks and what may stand in it. Whoever logs names ids and counts; message text, names,
numbers and secrets are not to be given to it. It refuses them all the same, as the second line of defense:

- a value under a telling key (`body`, `phone`, `token` ...) is replaced, and so is one that hides itself (SecretStr);
- only plain values are shown: of an object the line has its type, never its repr, which may hold anything;
- E.164 numbers, credentials in URLs and Authorization headers are replaced inside any text;
- an exception shows type, code and frames, but no locals and no words, except those of our own errors;
- a library's line keeps its template and its numbers; the other arguments show their type.
"""

from __future__ import annotations

import json as jsonlib
import logging
import os
import re
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import PurePath
from traceback import extract_tb
from types import TracebackType
from typing import Any, Final, TextIO, cast

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED: Final = "[redacted]"

_TELLING = re.compile(
    r"(?:^|[_\-.])(?:body|text|name|number|phone|address|token|secret|password|authorization|cookie)(?:e?s)?(?:$|[_\-.])",
    re.IGNORECASE,
)
_SPEAKING = re.compile(
    r"(?:\+|%2b)[1-9]\d{6,14}(?!\d)"  # ITU-T E.164, also as a URL has it
    r"|(?<=://)[^/\s@]+(?=@)"  # user:password@host
    r"|\b(?:authorization|cookie)\b['\"]?\s*[:=].*"
    r"|\b(?:basic|bearer)\s+[\w.~+/=-]{8,}",
    re.IGNORECASE | re.DOTALL,
)
_SILENT = re.compile(r"[\w.\-]*")
"""A word or an id: most values, and nothing that `_SPEAKING` could find, told at a fraction of the cost."""

_DEEPEST: Final = 4
_MOST_ITEMS: Final = 50
_LONGEST: Final = 1_000
_OURS: Final = __name__.partition(".")[0] + "."


def configure(json: bool | None = None) -> None:
    """Send every line of ours and of the libraries to stderr; JSON unless it is a terminal, or as `json` says.

    Ours are shown from INFO, the libraries' from WARNING. May be called again.
    """
    as_json = not sys.stderr.isatty() if json is None else json
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        redact,
        _stamp,
        _json if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), timestamp_key="at"),
    ]
    stderr = cast("TextIO", _Stderr())
    logger = structlog.WriteLogger(stderr)
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_names: logger,
        cache_logger_on_first_use=False,  # a cached logger would keep the first configuration
    )
    handler = logging.StreamHandler(stderr)
    handler.setFormatter(_Foreign(processors))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    sys.excepthook = _crashed


def _stamp(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """RFC 3339 with microseconds. The date is put together once a second: it costs more than the rest of the line."""
    now = time.time()
    line["at"] = f"{_second(int(now))}.{int(now % 1 * 1_000_000):06}Z"
    return line


@lru_cache(maxsize=2)
def _second(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))


class _Stderr:
    """Whatever stderr is when a line is written. A line that cannot be written is lost, and nothing else with it."""

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()


def redact(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """The processor that lets nothing through; it renders `exc_info` as well, since a traceback tells most."""
    error = _error(line.pop("exc_info", None))
    line.pop("stack_info", None)
    safe: EventDict = {key: _value(key, value) for key, value in line.items() if key[0] != "_"}
    if error is not None:
        safe["exception"] = _told(error)
    return safe


def _value(key: str, value: object, depth: int = 0) -> object:
    if value is None or value is True or value is False:
        return value
    if _is_telling(key):
        return REDACTED
    if isinstance(value, int | float):
        return value
    return _text(value) if type(value) is str else _nested(key, value, depth)


def _nested(key: str, value: object, depth: int) -> object:
    if isinstance(value, Mapping) and depth < _DEEPEST:
        items = list(value.items())[:_MOST_ITEMS]
        return {_text(str(k)): _value(str(k), v, depth + 1) for k, v in items}
    if isinstance(value, list | tuple | set | frozenset) and depth < _DEEPEST:
        return [_value(key, item, depth + 1) for item in list(value)[:_MOST_ITEMS]]
    return _object(value)


def _object(value: object) -> str:
    """Anything that is not data as JSON knows it: only times and paths have nothing to hide."""
    if isinstance(value, str | datetime | timedelta | PurePath):
        return _text(str(value))
    return REDACTED if hasattr(value, "get_secret_value") else f"<{type(value).__name__}>"


def _text(text: str) -> str:
    text = text[:_LONGEST]
    return text if _SILENT.fullmatch(text) else _SPEAKING.sub(REDACTED, text)


@lru_cache(maxsize=1024)
def _is_telling(key: str) -> bool:
    return _TELLING.search(key) is not None


def _error(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1]  # type: ignore[no-any-return]
    return sys.exc_info()[1] if exc_info else None


def _told(error: BaseException) -> str:
    """An exception and what led to it, newest first, one per line, each with the frames from outer to inner."""
    lines: list[str] = []
    link: BaseException | None = error
    while link is not None and len(lines) < 8:
        lines.append(f"{type(link).__qualname__}{_words(link)} at {' > '.join(_frames(link.__traceback__))}")
        if isinstance(link, BaseExceptionGroup):
            lines.extend(f"  one of them: {_told(one)}" for one in link.exceptions[:4])
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return "\nfrom ".join(lines)


def _words(error: BaseException) -> str:
    """What an error may say. Most messages quote what they choke on, so only codes pass, and our own errors' words."""
    detail = getattr(error, "detail", None)
    if type(error).__module__.startswith(_OURS) and isinstance(detail, str):
        return f": {_text(detail)}"
    if isinstance(error, OSError) and isinstance(error.errno, int):
        return f": {os.strerror(error.errno)}"
    codes = (getattr(error, field, None) for field in ("sqlite_errorname", "sqlstate", "status"))
    return "".join(f" {code}" for code in codes if isinstance(code, str | int))


def _frames(trace: TracebackType | None) -> Iterable[str]:
    """File, line and function, without source and without locals; the last dozen, for recursion."""
    for frame in extract_tb(trace)[-12:]:
        yield f"{'/'.join(PurePath(frame.filename).parts[-3:])}:{frame.lineno} {frame.name}"


class _Foreign(logging.Formatter):
    """A library's own line: its template with harmless arguments; the first line only, since reprs follow in some."""

    def __init__(self, processors: list[Processor]) -> None:
        super().__init__()
        self._processors = processors

    def format(self, record: logging.LogRecord) -> str:
        said = _said(str(record.msg), record.args).partition("\n")[0]
        line: Any = {"event": said, "logger": record.name, "exc_info": record.exc_info}
        for processor in self._processors:
            line = processor(None, record.levelname.lower(), line)
        return str(line)


def _said(template: str, args: object) -> str:
    harmless: object = ()
    if isinstance(args, Mapping):
        harmless = {key: _argument(value) for key, value in args.items()}
    elif isinstance(args, tuple):
        harmless = tuple(_argument(value) for value in args)
    try:
        return template % harmless if args else template
    except (TypeError, ValueError, KeyError):
        return template


def _argument(value: object) -> object:
    return value if isinstance(value, int | float) else f"<{type(value).__name__}>"


def _json(_logger: WrappedLogger, _method: str, line: EventDict) -> str:
    try:
        return orjson.dumps(line).decode()
    except TypeError:  # half a surrogate pair, or a number of more than 64 bits
        return jsonlib.dumps(line)


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> Any:
    """The last words of a process are log lines too."""
    if issubclass(kind, KeyboardInterrupt):
        return sys.__excepthook__(kind, error, trace)
    return structlog.get_logger().critical("crashed", exc_info=error)
