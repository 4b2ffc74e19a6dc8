"""What a log line may say, seen from outside: on stderr."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from gateway import log
from gateway.errors import Invalid

TEXT = "my cat is ill"
NUMBER = "+13035550123"
SECRETS = (TEXT, NUMBER, NUMBER[1:], "Ana Lopez", "hunter2", "c2VjcmV0LXRva2Vu")


@dataclass(frozen=True)
class Spoken:
    body: str
    sender: str


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    hook, handlers, level = sys.excepthook, logging.root.handlers[:], logging.root.level
    yield
    sys.excepthook = hook
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    log.configure(json=True)
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


Lines = Callable[[], list[dict[str, Any]]]


def _raise(error: BaseException, body: str = TEXT, token: str = "hunter2") -> None:
    spoken = Spoken(body, token)
    raise error from KeyError(spoken)


def test_line(lines: Lines) -> None:
    """A line is one JSON object with its event, level, UTC time and values."""
    structlog.get_logger().info("received", thread=7, team="front-range", late=False, took=0.5)
    (line,) = lines()
    assert line.pop("at").endswith("Z")
    assert line == {
        "event": "received", "level": "info", "thread": 7, "team": "front-range", "late": False, "took": 0.5
    }  # fmt: skip


def test_context(lines: Lines) -> None:
    """What is bound to the context stands on every line of it, and is gone after it."""
    with structlog.contextvars.bound_contextvars(request="r1", channel="sms"):
        structlog.get_logger().info("inside")
    structlog.get_logger().info("outside")
    assert [("r1", "sms"), (None, None)] == [(line.get("request"), line.get("channel")) for line in lines()]


def test_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """On a terminal a line is for reading, and keeps as quiet as in JSON."""
    log.configure(json=False)
    structlog.get_logger().warning("refused", body=TEXT, team="front-range")
    said = capsys.readouterr().err
    assert "refused" in said
    assert "front-range" in said
    assert not [secret for secret in SECRETS if secret in said]


def test_json_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Where stderr is no terminal, the lines are JSON without being asked."""
    log.configure()
    structlog.get_logger().info("started")
    assert "started" == json.loads(capsys.readouterr().err)["event"]


@pytest.mark.parametrize(
    "key",
    ["body", "Body", "text", "name", "sender_name", "display_name", "names", "number", "phone", "addresses",
     "auth_token", "secret", "password", "Authorization", "Set-Cookie"],
)  # fmt: skip
def test_telling_key(lines: Lines, key: str) -> None:
    """A value under a telling key is replaced, wherever it stands and whatever it is."""
    structlog.get_logger().info("said", **{key: TEXT}, data={"list": [{key: 13035550123}]})
    (line,) = lines()
    assert (log.REDACTED, log.REDACTED) == (line[key], line["data"]["list"][0][key])


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (f"from {NUMBER} to us", "from [redacted] to us"),
        ("/hooks/sms/messages?From=%2B13035550123&x=1", "/hooks/sms/messages?From=[redacted]&x=1"),
        ("whatsapp:+13035550123", "whatsapp:[redacted]"),
        ("Bearer c2VjcmV0LXRva2Vu", "[redacted]"),
        ("Authorization: Basic c2VjcmV0LXRva2Vu", "[redacted]"),
        ("got cookie: session=hunter2", "got [redacted]"),
        ("https://user:hunter2@example.com/x", "https://[redacted]@example.com/x"),
        (SecretStr("hunter2"), "[redacted]"),
        (Spoken(TEXT, NUMBER), "<Spoken>"),
        (TEXT.encode(), "<bytes>"),
        ([Spoken(TEXT, NUMBER), NUMBER], ["<Spoken>", "[redacted]"]),
        ({NUMBER: 1}, {"[redacted]": 1}),
        ("SM00000000000000000000000000000001", "SM00000000000000000000000000000001"),
        ("2026-11-22T09:05:00.000000Z", "2026-11-22T09:05:00.000000Z"),
    ],
)
def test_speaking_value(lines: Lines, value: object, told: object) -> None:
    """Numbers and credentials are replaced inside any text, objects show their type, and ids and times pass."""
    structlog.get_logger().info("said", value=value)
    assert told == lines()[0]["value"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError(f"bad text {TEXT!r} from {NUMBER}"), "ValueError at "),
        (Invalid(f"the number {NUMBER} is not one of ours"), "Invalid: the number [redacted] is not one of ours at "),
        (OSError(28, f"no room for {TEXT}"), "OSError: No space left on device at "),
        (ExceptionGroup(TEXT, [ValueError(TEXT)]), "ExceptionGroup at "),
    ],
)
def test_exception(lines: Lines, error: Exception, told: str) -> None:
    """An exception shows type, code, place and cause, and neither its locals nor a stranger's words."""
    try:
        _raise(error)
    except type(error):
        structlog.get_logger().exception("failed")
    (line,) = lines()
    assert line["exception"].startswith(told)
    assert "tests/test_log.py" in line["exception"]
    assert "\nfrom KeyError" in line["exception"]
    assert not [secret for secret in SECRETS if secret in json.dumps(line)]


def test_library(lines: Lines) -> None:
    """A library's line comes in the same form with its template and numbers; texts, exceptions and reprs stay out."""
    try:
        _raise(ValueError(TEXT))
    except ValueError:
        logging.getLogger("aiohttp.server").exception("Error from %s after %d tries\n%r", NUMBER, 3, Spoken(TEXT, "x"))
    logging.getLogger("asyncio").error(f"Task exception was never retrieved\nfuture: ValueError({TEXT!r})")  # noqa: G004
    logging.getLogger("apscheduler").warning("%(job)s and %(count)d", {"job": TEXT, "count": 2})
    logging.getLogger("watchfiles").info("%s", TEXT)
    told = lines()
    assert [
        ("aiohttp.server", "error", "Error from <str> after 3 tries"),
        ("asyncio", "error", "Task exception was never retrieved"),
        ("apscheduler", "warning", "<str> and 2"),
    ] == [(line["logger"], line["level"], line["event"]) for line in told]
    assert not [secret for secret in SECRETS if secret in json.dumps(told)]


def test_crash(lines: Lines) -> None:
    """An exception that nobody caught is one line as well."""
    error = ValueError(TEXT)
    sys.excepthook(ValueError, error, None)
    (line,) = lines()
    assert ("critical", "crashed", "ValueError at ") == (line["level"], line["event"], line["exception"])


def test_hostile_values(lines: Lines) -> None:
    """Endless nesting, huge values and half characters make a line all the same, and it is one line."""
    loop: dict[str, Any] = {}
    loop["loop"] = loop
    structlog.get_logger().info(
        "said", loop=loop, many=list(range(1_000)), long="x" * 9_999, half="\ud800", feed="a\nb"
    )
    (line,) = lines()
    assert (50, 1_000, "\ud800", "a\nb") == (len(line["many"]), len(line["long"]), line["half"], line["feed"])


def test_broken_stderr(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    """When stderr is gone, logging goes on without it and stops nobody."""
    with monkeypatch.context() as patched:
        gone = io.StringIO()
        gone.close()
        patched.setattr(sys, "stderr", gone)
        structlog.get_logger().info("lost")
    structlog.get_logger().info("seen")
    assert ["seen"] == [line["event"] for line in lines()]
