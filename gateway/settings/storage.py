"""The shape of `[database]` and `[files]`: where everything that lasts is kept, in either of two kinds each.

No password stands in a URL here, and what is refused is not repeated, so that none is shown that was put into one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from gateway.channels.config import Secret, Strict
from gateway.errors import Misuse
from gateway.files.intake import MEGABYTE, Limits
from gateway.files.kinds import KINDS, USUAL
from gateway.files.place import Place, S3Place
from gateway.settings.addresses import web_address

SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""As in https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION."""

SESSIONS: Final = ("any", "primary", "standby", "read-write", "read-only", "prefer-standby")
"""As in the same document, LIBPQ-CONNECT-TARGET-SESSION-ATTRS."""

PARAMETERS: Final = (
    *("host", "sslmode", "sslrootcert", "sslcert", "sslkey"),
    *("target_session_attrs", "passfile", "application_name", "options"),
)
"""What may follow the `?` of a PostgreSQL URL. The driver takes any other word for a setting of the server."""

_SQLITE = "sqlite:///"
_POSTGRES = "postgresql://"
_NAME = r"[A-Za-z0-9._~%+-]+"
_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._%-]+)(?::\d{1,5})?"
_POSTGRES_FORM = re.compile(
    rf"{_POSTGRES}(?:{_NAME}@)?(?:{_HOST}(?:,{_HOST})*)?/{_NAME}(?:\?[a-z_]+=[^&#@\s]+(?:&[a-z_]+=[^&#@\s]+)*)?",
    re.ASCII,
)
_PORT = re.compile(r":(\d{1,5})(?=[,/])", re.ASCII)
POSTGRES_EXAMPLE: Final = 'write such as "postgresql://teamline@db.example.com:5432/teamline?sslmode=verify-full"'
BESIDE_IT: Final = 'write password = { env = "NAME" } or { file = "PATH" } beside it'

_FILE = "file://"
_S3 = "s3://"
_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_S3_FORM = re.compile(rf"{_S3}({_BUCKET})((?:/(?!\.{{1,2}}(?:/|$))[A-Za-z0-9._-]+)*)/?", re.ASCII)
_REGION = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)
_BOTH = "write both, or neither for this machine's own"
_KERNELS = ("dev", "proc", "sys")
_ELSEWHERE = 'choose another folder, such as "file:///var/lib/teamline"'

Engine = Literal["sqlite", "postgresql"]


def _database_url(value: str) -> str:
    scheme = value.partition(":")[0]
    if scheme == "sqlite":
        return _sqlite(value)
    if scheme in {"postgresql", "postgres"}:
        return _postgres(_POSTGRES + value.partition("://")[2])
    known = f'"{_SQLITE}var/teamline.db" or such as "{_POSTGRES}teamline@db.example.com:5432/teamline"'
    raise ValueError(f"is of no kind that is known here; write {known}")


def _sqlite(value: str) -> str:
    path = value.removeprefix(_SQLITE)
    if path == value or not path or path.endswith("/") or re.search(r"[?#\x00]|:memory:", path):
        raise ValueError('is not a database file; write "sqlite:///var/teamline.db", with four slashes for a full path')
    return value


def _postgres(value: str) -> str:
    before_host = value.removeprefix(_POSTGRES).rpartition("@")[0]
    parameters = dict(parse_qsl(value.partition("?")[2]))
    if ":" in before_host or parameters.keys() & {"password", "sslpassword"}:
        raise ValueError(f"has a password in it; take it out, and {BESIDE_IT}")
    if _POSTGRES_FORM.fullmatch(value) is None:
        raise ValueError(f"is not the URL of a PostgreSQL database; {POSTGRES_EXAMPLE}")
    if not parameters.keys() <= set(PARAMETERS):
        raise ValueError(f"has a parameter that is not known here; known are: {', '.join(PARAMETERS)}")
    _check_parameters(parameters)
    if any(int(port) not in range(1, 65536) for port in _PORT.findall(value.partition("?")[0])):
        raise ValueError(f"has a port that none can have; {POSTGRES_EXAMPLE}")
    if "\x00" in unquote(value):
        raise ValueError(f"has a NUL character; {POSTGRES_EXAMPLE}")
    return value


def _check_parameters(parameters: Mapping[str, str]) -> None:
    for name, known in (("sslmode", SSL_MODES), ("target_session_attrs", SESSIONS)):
        if parameters.get(name, known[0]) not in known:
            raise ValueError(f"has no such {name}; write one of: {', '.join(known)}")
    if "host" in parameters and not parameters["host"].startswith("/"):
        raise ValueError('has a folder of sockets that is no full path; write such as "?host=/run/postgresql"')
    for name in ("sslrootcert", "sslcert", "sslkey", "passfile"):
        if name in parameters and not Path(parameters[name]).is_file():
            raise ValueError(f"names a file in {name} that is not there; give its full path")


class Database(Strict):
    """`[database]` of gateway.toml."""

    url: Annotated[str, AfterValidator(_database_url)] = "sqlite:///var/teamline.db"
    """Without a password, so that it may be shown."""
    password: Secret | None = None

    @field_validator("password")
    @classmethod
    def _has_a_use(cls, value: Secret | None, info: ValidationInfo) -> Secret | None:
        if value is not None and info.data.get("url", _POSTGRES).startswith(_SQLITE):
            raise ValueError("has no effect, as the database is a file; take it out")
        return value

    @property
    def engine(self) -> Engine:
        return "sqlite" if self.url.startswith(_SQLITE) else "postgresql"

    @property
    def path(self) -> Path:
        """SQLite's file; a relative one is relative to the working folder. Raises Misuse for PostgreSQL."""
        if self.engine != "sqlite":
            raise Misuse("a PostgreSQL database is no file")
        return Path(self.url.removeprefix(_SQLITE))

    @property
    def dsn(self) -> str:
        """What asyncpg connects to, with the password in it: never to be shown. Raises Misuse for SQLite."""
        if self.engine != "postgresql":
            raise Misuse("a SQLite database has no address")
        if self.password is None:  # asyncpg then asks $PGPASSWORD and ~/.pgpass, as every client of PostgreSQL does
            return self.url
        return f"{self.url}{'&' if '?' in self.url else '?'}password={quote(self.password.get_secret_value(), safe='')}"

    @property
    def place(self) -> Path | str:
        """SQLite's path or PostgreSQL's address, for `open_store`; never to be shown."""
        return self.path if self.engine == "sqlite" else self.dsn

    @property
    def name(self) -> str:
        """To be shown."""
        return str(self.path) if self.engine == "sqlite" else self.url

    @property
    def files(self) -> Path:
        """The folder of its attachments when nothing else is said: beside the file, or below `var`."""
        if self.engine == "sqlite":
            return self.path.with_name(f"{self.path.name}-files")
        return Path("var") / f"{quote(unquote(urlsplit(self.url).path[1:]), safe='')}-files"


def _files_url(value: str) -> str:
    if value.startswith(_S3):
        return _s3_url(value)
    if not value.startswith(f"{_FILE}/") or re.search(r"[?#%\x00]", value):
        right = 'write such as "file:///var/lib/teamline", with a full path, or "s3://bucket/prefix"'
        raise ValueError(f"is not a place for files; {right}")
    path = Path(value.removeprefix(_FILE))
    if path.parts[1:2] and path.parts[1] in _KERNELS:
        raise ValueError(f"is where only the system makes folders; {_ELSEWHERE}")
    if _is_blocked(path):
        raise ValueError(f"cannot be made, as a file is in its way; {_ELSEWHERE}")
    return value


def _s3_url(value: str) -> str:
    if _S3_FORM.fullmatch(value) is None:
        right = 'write such as "s3://bucket/prefix", and keys, region and endpoint beside it'
        raise ValueError(f"is not a bucket, with or without a prefix; {right}")
    return value.rstrip("/")


def _is_blocked(folder: Path) -> bool:
    """Whether a file stands where this folder, or one above it, would have to be."""
    try:
        return any(above.exists() and not above.is_dir() for above in (folder, *folder.parents))
    except OSError:  # not for us to look at: whoever serves may
        return False


def _endpoint(value: str) -> str:
    return web_address(value, "https://minio.example.com:9000")


def _region(value: str) -> str:
    if _REGION.fullmatch(value) is None:
        raise ValueError('is not a region; write such as "us-east-1"')
    return value


def _media_type(value: str) -> str:
    if value not in KINDS:
        near = difflib.get_close_matches(value, KINDS, 1, 0.8)  # all pictures are alike in `image/` already
        known = f'did you mean "{near[0]}"?' if near else f"known here: {', '.join(sorted(KINDS))}"
        raise ValueError(f"is no type that can be taken; {known}")
    return value


class Files(Strict):
    """`[files]` of gateway.toml."""

    url: Annotated[str, AfterValidator(_files_url)] | None = None
    endpoint: Annotated[str, AfterValidator(_endpoint)] | None = None
    region: Annotated[str, AfterValidator(_region)] | None = None
    access_key_id: Secret | None = None
    secret_access_key: Annotated[Secret | None, Field(validate_default=True)] = None
    max_mb: Annotated[float, Field(gt=0, le=100, strict=True, allow_inf_nan=False)] = 25
    max_megapixels: Annotated[float, Field(gt=0, le=200, strict=True, allow_inf_nan=False)] = 50
    types: Annotated[frozenset[Annotated[str, AfterValidator(_media_type)]], Field(min_length=1)] = USUAL

    @field_validator("endpoint", "region", "access_key_id", "secret_access_key")
    @classmethod
    def _has_a_use(cls, value: object, info: ValidationInfo) -> object:
        if value is not None and not (info.data.get("url", _S3) or _FILE).startswith(_S3):
            raise ValueError('has no effect, as the files are in a folder; take it out, or write url = "s3://..."')
        return value

    @field_validator("secret_access_key")
    @classmethod
    def _keys_are_a_pair(cls, value: Secret | None, info: ValidationInfo) -> Secret | None:
        """Not of the whole table, which is judged only when each of its keys is right."""
        key = info.data.get("access_key_id", value)
        if value is None and key is not None:  # of the kind by which a key that is not written is told of by its name
            raise PydanticCustomError("missing", "{error}", {"error": f"is missing beside access_key_id; {_BOTH}"})
        if key is None and value is not None:
            raise ValueError(f"has no access_key_id beside it; {_BOTH}")
        return value

    @property
    def limits(self) -> Limits:
        return Limits(int(self.max_mb * MEGABYTE), int(self.max_megapixels * MEGABYTE), self.types)

    @property
    def place(self) -> Place | None:
        """None where nothing is said."""
        match = _S3_FORM.fullmatch(self.url or "")
        if match is None:
            return Path(self.url.removeprefix(_FILE)) if self.url else None
        keys = {"access_key_id": self.access_key_id, "secret_access_key": self.secret_access_key}
        return S3Place(match[1], match[2][1:], endpoint=self.endpoint, region=self.region, **keys)
