"""The rules of the house that a program can check, over the whole tree."""

from __future__ import annotations

import ast
import re
import socket
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from importlinter.application.use_cases import lint_imports
from importlinter.configuration import configure

ROOT = Path(__file__).parent.parent
TEXTS = {".py", ".md", ".toml", ".sql", ".js", ".css", ".html", ".yaml", ".svg", ""}
FOLDERS = ("gateway", "adapters", "config", "tests", "bench", "docs", "scripts", "deploy", ".ci")
BRITISH = (
    r"(?:col|behavi|hon|fav|neighb|lab|hum|flav)our\w*|licence\w*|centre[ds]?|catalogue\w*|defence|offence|grey|whilst"
    r"|artefact\w*|analys(?:e[ds]?|ing)|fulfil|judgement\w*|modelling|labelled|travell\w+|sceptic\w*|programmes?"
    r"|(?:organ|recogn|author|serial|normal|initial|optim|summar|minim|synchron|util|real|final|general|custom)is(?:e[drs]?|ing|ations?)"
)


def _files(*folders: str, suffixes: set[str]) -> list[Path]:
    found = (path for folder in folders for path in (ROOT / folder).rglob("*"))
    return sorted(
        path for path in found if path.is_file() and path.suffix in suffixes and "__pycache__" not in path.parts
    )


def _ours() -> list[Path]:
    """Every text file that is ours, without this one, which has to name what it forbids."""
    top = [path for path in ROOT.iterdir() if path.is_file() and path.suffix in TEXTS - {""}]
    return [path for path in [*top, *_files(*FOLDERS, suffixes=TEXTS)] if path != Path(__file__)]


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _at(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def _python(*folders: str) -> Iterator[tuple[Path, ast.AST]]:
    for path in _files(*folders, suffixes={".py"}):
        for node in ast.walk(_tree(path)):
            yield path, node


def _lines(pattern: str, paths: list[Path]) -> list[str]:
    """Where a pattern stands, without regard to case."""
    wanted = re.compile(pattern, re.IGNORECASE)
    return [
        f"{_at(path, number)}: {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if wanted.search(line)
    ]


def test_floors(capsys: pytest.CaptureFixture[str]) -> None:
    """Imports go down only: import-linter keeps every contract of pyproject.toml."""
    configure()
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None, no_logo=True), (
        capsys.readouterr().out
    )


def test_file_length() -> None:
    """No file of the program has more than 300 lines."""
    paths = _files("gateway", "adapters", suffixes={".py", ".js", ".css", ".html"})
    assert [] == [str(path) for path in paths if len(path.read_text(encoding="utf-8").splitlines()) > 300]


def test_body_length() -> None:
    """No function's body has more than 60 lines."""
    functions = (
        (p, n) for p, n in _python("gateway", "adapters") if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert [] == [_at(p, n.lineno) for p, n in functions if (n.end_lineno or 0) - n.body[0].lineno >= 60]


def test_domain_imports() -> None:
    """The domain imports the standard library, itself and the errors, and nothing else."""
    allowed = sys.stdlib_module_names | {"gateway.domain", "gateway.errors"}
    found = []
    for path, node in _python("gateway/domain"):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found += [_at(path, 0) + name for name in names if not _roots(name) & allowed]
    assert [] == found


def _roots(name: str) -> set[str]:
    parts = name.split(".")
    return {parts[0], ".".join(parts[:2])}


def _transactions() -> Iterator[tuple[Path, ast.AsyncFunctionDef]]:
    """Every `async def f(tx, ...)`: the actions, and what they call in the same transaction. The engines are not in a
    transaction: they run it."""
    engines = {ROOT / "gateway/store/sqlite", ROOT / "gateway/store/postgres"}
    for path, node in _python("gateway/actions", "gateway/store", "gateway/feed"):
        if path.parent in engines:
            continue
        if isinstance(node, ast.AsyncFunctionDef) and node.args.args and node.args.args[0].arg == "tx":
            yield path, node


def _is_on_tx(awaited: ast.expr) -> bool:
    """`tx.one(...)`, or `anything(tx, ...)`."""
    if not isinstance(awaited, ast.Call):
        return False
    target, first = awaited.func, next(iter(awaited.args), None)
    on_tx = isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "tx"
    return on_tx or (isinstance(first, ast.Name) and first.id == "tx")


def test_actions_await_tx_only() -> None:
    """Inside a transaction nothing is awaited but the transaction."""
    suspending = (ast.AsyncFor, ast.AsyncWith)
    assert [] == [
        _at(path, node.lineno)
        for path, action in _transactions()
        for node in ast.walk(action)
        if isinstance(node, suspending) or (isinstance(node, ast.Await) and not _is_on_tx(node.value))
    ]


def test_actions_catch_nothing() -> None:
    """Inside a transaction no error is caught, for the first one has doomed it."""
    catching = (ast.ExceptHandler, ast.With)
    assert [] == [
        _at(path, node.lineno)
        for path, action in _transactions()
        for node in ast.walk(action)
        if isinstance(node, catching)
    ]


def test_actions_are_seen() -> None:
    """The lint above looks at the actions that matter most."""
    with_one = {path.name for path, _ in _transactions()}
    assert {"receive.py", "reply.py", "deliver.py", "report.py"} <= with_one


def _named(node: ast.AST) -> str:
    return ast.unparse(node) if isinstance(node, ast.Attribute | ast.Name) else ""


def test_no_wall_clock() -> None:
    """Time is an argument in the domain and in the actions."""
    clocks = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
    assert [] == [_at(path, 0) for path, node in _python("gateway/domain", "gateway/actions") if _named(node) in clocks]


def test_no_eval() -> None:
    """No text is ever run as code."""
    risky = {"eval", "exec", "compile", "__import__", "pickle.loads", "pickle.load", "os.system"}
    calls = ((path, node) for path, node in _python("gateway", "adapters") if isinstance(node, ast.Call))
    assert [] == [_at(path, node.lineno) for path, node in calls if _named(node.func) in risky]


def test_columns_are_named() -> None:
    """SQL names its columns: there is no SELECT *."""
    paths = _files("gateway", "adapters", suffixes={".py", ".sql"})
    assert [] == _lines(r"\bselect\s+(?:distinct\s+)?(?:\w+\.)?\*|\breturning\s+\*", paths)


def test_pages() -> None:
    """Pages set text, never markup, and have neither inline script nor inline style nor anything from elsewhere."""
    paths = _files("gateway", "adapters", suffixes={".html", ".js", ".css", ".svg"})
    markup = (
        r"innerHTML|outerHTML|insertAdjacentHTML|setHTMLUnsafe|createContextualFragment"
        r"|document\.write|javascript:|new Function\b"
    )
    assert [] == _lines(markup, paths)
    html = [path for path in paths if path.suffix == ".html"]
    assert [] == _lines(
        r"<script(?![^>]*\bsrc=)|<style\b|<[a-z][^>]*\s(?:on\w+|style)=|(?:src|href)=\"?(?:https?:)?//", html
    )


def test_ignores_say_what() -> None:
    """Each silenced type error and lint names its code."""
    paths = _files("gateway", "adapters", "tests", "bench", suffixes={".py"})
    paths.remove(Path(__file__))
    assert [] == _lines(r"#\s*type:\s*ignore(?!\[)|#\s*noqa(?!: [A-Z]+\d)", paths)


def test_spelling() -> None:
    """The house writes American English."""
    paths = [path for path in _ours() if path.name not in {"uv.lock", "LICENSE"}]
    assert [] == _lines(rf"\b(?:{BRITISH})\b", paths)


def _spoken(value: ast.expr | None) -> str:
    """The words of a literal, without markup; "" for what is no literal."""
    if isinstance(value, ast.JoinedStr):
        return "".join(_spoken(part) for part in value.values)
    if not isinstance(value, ast.Constant) or not isinstance(value.value, str | bytes):
        return ""
    text = value.value if isinstance(value.value, str) else value.value.decode(errors="replace")
    return "".join(re.findall(r"\w", re.sub(r"<[^<>]*>", "", text)))


def _bodies(node: ast.AST) -> Iterator[ast.expr | None]:
    """Whatever a piece of code gives as a message's body."""
    is_body: Callable[[object], bool] = lambda name: isinstance(name, str) and name.lower() == "body"  # noqa: E731
    if isinstance(node, ast.keyword) and is_body(node.arg):
        yield node.value
    if isinstance(node, ast.Dict):
        yield from (
            v for k, v in zip(node.keys, node.values, strict=True) if isinstance(k, ast.Constant) and is_body(k.value)
        )
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(is_body(_named(target).rpartition(".")[2]) for target in targets):
            yield node.value


def _calls(*names: str) -> dict[str, set[str]]:
    """By name, the files of the program that call it, whatever it is imported as part of."""
    found: dict[str, set[str]] = {name: set() for name in names}
    for path, node in _python("gateway", "adapters"):
        called = f".{_named(node.func)}" if isinstance(node, ast.Call) else ""
        for name in names:
            if called.endswith(f".{name}"):
                found[name].add(str(path.relative_to(ROOT)))
    return found


def test_only_authentication_makes_an_author() -> None:
    """An author, their evidence and a principal are made in one place, from a credential that was checked."""
    makers = {"gateway/store/credentials.py"}
    made = _calls("Author", "Author.human", "Evidence", "Principal")
    assert {"Author": set(), "Author.human": makers, "Evidence": makers, "Principal": makers} == made


def test_only_people_get_credentials() -> None:
    """Signing in and `token create` make credentials. The demo does too, for one reason: its company has a past. Its
    people are marked `demo`, their past sessions fit no secret, and `verify` counts their messages apart."""
    demo = "gateway/cli/company/founding.py"
    expected = {"gateway/actions/sign_in.py", "gateway/actions/people.py", demo}
    assert {"add_credential": expected} == _calls("add_credential")
    assert ["demo=True"] == re.findall(r"\bdemo=\w+", (ROOT / demo).read_text(encoding="utf-8"))


# Where a call has the words of a message, by position.
WORDS_OF: dict[str, int] = {
    "reply.Reply": 2,
    "note.note": 3,
    "messages.add_outbound": 5,
    "messages.add_note": 4,
    "Incoming": 5,
    "Outbound": 3,
    "Inbound": 3,
}


def _positional(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call):
        place = WORDS_OF.get(_named(node.func), len(node.args))
        yield from node.args[place : place + 1]


def test_no_program_speaks() -> None:
    """Nobody but people has words to send: no literal is a message's body, none is stored past the two places that
    store messages, and no TwiML has a message in it but the one that an agent hears before anybody is called."""
    found = [
        _at(path, body.lineno)
        for path, node in _python("gateway", "adapters")
        for body in [*_bodies(node), *_positional(node)]
        if body is not None and _spoken(body)
    ]
    stores = _lines(r"(?:insert\s+into|update)\s+message\b", _files("gateway", "adapters", suffixes={".py"}))
    assert {"gateway/store/inbound.py", "gateway/store/messages.py"} == {line.partition(":")[0] for line in stores}
    paths = _files("adapters", suffixes={".py", ".toml"})
    verbs = _lines(r"""<(?:Message|Sms)\b|[<"'](?:Say|Play)\b""", paths)
    assert [] == found + [line for line in verbs if not line.startswith("adapters/twilio_voice/twiml.py:")]


def test_guard(escapes: list[str]) -> None:
    """A test that reaches for another host is stopped before a packet leaves, and fails even if it goes on."""
    elsewhere = ("192.0.2.1", 80)
    with socket.socket() as stream, pytest.raises(RuntimeError, match=re.escape(elsewhere[0])):
        stream.connect(elsewhere)
    with socket.socket(type=socket.SOCK_DGRAM) as datagram, pytest.raises(RuntimeError, match=re.escape(elsewhere[0])):
        datagram.sendto(b"x", elsewhere)
    with pytest.raises(RuntimeError, match="example"):
        socket.getaddrinfo("example.com", 443)
    assert 3 == len(escapes)
    escapes.clear()
