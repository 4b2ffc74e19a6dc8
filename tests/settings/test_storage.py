"""[database] and [files]: a file or PostgreSQL, a folder or S3; passwords stand beside a URL and never in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway.errors import ConfigError, Misuse
from gateway.files.place import S3Place
from gateway.settings import Database, Overrides, load
from gateway.settings.storage import PARAMETERS, SSL_MODES
from gateway.settings.watch import Watcher
from tests.settings.test_faults import SECRET_FORM, WRITTEN, faults
from tests.settings.test_watch import Taken

POSTGRES = "postgresql://teamline@db.example.com:5432/teamline?sslmode=verify-full"
NO_SUCH_KIND = (
    'is of no kind that is known here; write "sqlite:///var/teamline.db" '
    'or such as "postgresql://teamline@db.example.com:5432/teamline"'
)
SQLITE_FORM = 'is not a database file; write "sqlite:///var/teamline.db", with four slashes for a full path'
POSTGRES_FORM = f'is not the URL of a PostgreSQL database; write such as "{POSTGRES}"'
INSIDE = 'has a password in it; take it out, and write password = { env = "NAME" } or { file = "PATH" } beside it'
NO_PLACE = (
    'is not a place for files; write such as "file:///var/lib/teamline", with a full path, or "s3://bucket/prefix"'
)
NO_BUCKET = (
    'is not a bucket, with or without a prefix; write such as "s3://bucket/prefix", and keys, region and endpoint '
    "beside it"
)
IN_A_FOLDER = 'has no effect, as the files are in a folder; take it out, or write url = "s3://..."'
ONE_KEY = (
    "has one of access_key_id and secret_access_key without the other; write both, or neither for this machine's own"
)
ENDPOINT = 'write such as "https://minio.example.com:9000"'

DATABASE_FAULTS = [
    *(
        (f'url = "{url}"', f"2: database.url: {NO_SUCH_KIND}")
        for url in ("mysql://db/x", "var/teamline.db", "", "file:///var/teamline.db", "://")
    ),
    *(
        (f'url = "{url}"', f"2: database.url: {SQLITE_FORM}")
        for url in ("sqlite://teamline.db", "sqlite:///", "sqlite:///:memory:", "sqlite:///a.db?mode=ro")
    ),
    *(
        (f'url = "postgresql://{rest}"', f"2: database.url: {POSTGRES_FORM}")
        for rest in (
            "",
            "db",
            "db/",
            "db/a/b",
            "db:port/a",
            "db /a",
            "db/a#b",
            "u@db/a?",
            "db/a?sslmode",
            "[::1/a",
            "@/",
        )
    ),
    *(
        (f'url = "{scheme}://{rest}"', f"2: database.url: {INSIDE}")
        for scheme in ("postgresql", "postgres")
        for rest in (
            "me:s3cret@db/a",
            "me:@db/a",
            "me:s3/cret@db/a",
            "me:s3#cret@db/a",
            "me:s3?cret@db/a",
            "me:12/s3cret@db",
            "me@db/a?password=s3cret",
            "me@db/a?sslmode=require&sslpassword=s3cret",
        )
    ),
    (
        'url = "postgresql://db/a?sslmod=require"',
        f"2: database.url: has a parameter that is not known here; known are: {', '.join(PARAMETERS)}",
    ),
    (
        'url = "postgresql://db/a?sslmode=always"',
        f"2: database.url: has no such sslmode; write one of: {', '.join(SSL_MODES)}",
    ),
    (
        'password = { env = "PARROT_TOKEN" }',
        "2: database.password: has no effect, as the database is a file; take it out",
    ),
    (f'url = "{POSTGRES}"\npassword = "s3cret"', f"3: database.password: {WRITTEN}"),
    (
        f'url = "{POSTGRES}"\npassword = {{ env = "X" }}',
        "3: database.password: the environment variable X is not set; set it before starting",
    ),
    (
        f'url = "{POSTGRES}"\npassword = {{ file = "empty" }}',
        "3: database.password: its file is empty; put the secret into it",
    ),
    ('listen_url = "x"', "2: database.listen_url: is not a known key; known here: password, url"),
]

FILES_FAULTS = [
    *(
        (f'url = "{url}"', f"2: files.url: {NO_PLACE}")
        for url in ("/var/lib", "file://var", "https://bucket", "gs://bucket/files", "")
    ),
    *(
        (f'url = "s3://{rest}"', f"2: files.url: {NO_BUCKET}")
        for rest in (
            "",
            "ab",
            "Bucket",
            "bucket//",
            "bucket/a//b",
            "bucket/../x",
            "bucket/.",
            "k:s3cret@bucket",
            "b_b/x?y",
        )
    ),
    ('region = "us-east-1"', f"2: files.region: {IN_A_FOLDER}"),
    ('url = "file:///srv/files"\nendpoint = "https://minio.example.com"', f"3: files.endpoint: {IN_A_FOLDER}"),
    (
        'url = "s3://bucket"\nendpoint = "http://minio.example.com:9000"',
        "3: files.endpoint: is not encrypted; write https://, as http:// is for this machine alone",
    ),
    ('url = "s3://bucket"\nendpoint = "minio:9000"', f"3: files.endpoint: is not a web address; {ENDPOINT}"),
    (
        'url = "s3://bucket"\nendpoint = "https://me:s3cret@minio.example.com"',
        f"3: files.endpoint: has more than scheme, host and path; {ENDPOINT}",
    ),
    ('url = "s3://bucket"\nregion = "US East"', '3: files.region: is not a region; write such as "us-east-1"'),
    ('url = "s3://bucket"\naccess_key_id = { env = "PARROT_TOKEN" }', f"1: files: {ONE_KEY}"),
    ('url = "s3://bucket"\nsecret_access_key = { env = "PARROT_TOKEN" }', f"1: files: {ONE_KEY}"),
    ('url = "s3://bucket"\nsecret_access_key = "s3cret"', f"3: files.secret_access_key: {WRITTEN}"),
    (
        'url = "s3://bucket"\naccess_key_id = { evn = "X" }',
        f"3: files.access_key_id: does not say where the secret is; {SECRET_FORM}",
    ),
]


@pytest.mark.parametrize(
    ("table", "lines", "fault"),
    [
        *(("database", *each) for each in DATABASE_FAULTS),
        *(("files", *each) for each in FILES_FAULTS),
    ],
)
def test_faults(folder, write, environ, table: str, lines: str, fault: str) -> None:
    """A mistake is one fault, at its line, and repeats no secret that was written where it does not belong."""
    write("empty", " \n")
    write("gateway.toml", f"[{table}]\n{lines}\n")
    assert [f"config/gateway.toml:{fault}"] == faults(folder, environ)
    assert "s3cret" not in fault


def test_a_fault_of_the_url_hides_none(folder, write, environ) -> None:
    """A URL that is wrong does not make its neighbors wrong too."""
    write(
        "gateway.toml", '[database]\nurl = "x"\npassword = { env = "PARROT_TOKEN" }\n[files]\nurl = "x"\nregion = "a"'
    )
    expected = [f"2: database.url: {NO_SUCH_KIND}", f"5: files.url: {NO_PLACE}"]
    assert [f"config/gateway.toml:{fault}" for fault in expected] == faults(folder, environ)


def test_a_postgresql_database(folder, write, environ) -> None:
    """What asyncpg connects to has the password, percent-encoded; the URL and whatever is printed have not."""
    write("gateway.toml", f'[database]\nurl = "{POSTGRES}"\npassword = {{ env = "PW" }}\n')
    settings = load(folder, environ | {"PW": "p&ss:/w@rd "})
    assert ("postgresql", POSTGRES) == (settings.database.engine, settings.database.url)
    assert f"{POSTGRES}&password=p%26ss%3A%2Fw%40rd" == settings.database.dsn
    assert "rd" not in repr(settings.database.password)
    assert "w%40rd" not in repr(settings)
    assert Path("var/teamline-files") == settings.files
    with pytest.raises(Misuse):
        _ = settings.database.path


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///teamline",
        "postgresql:///teamline?host=/var/run/postgresql",
        "postgresql://me@/teamline?host=/tmp/x&application_name=a%20b",
        "postgresql://me@127.0.0.1/teamline",
        "postgresql://me@[::1]:5433/teamline",
        "postgresql://me@a.example.com:5432,b.example.com:5432/teamline?target_session_attrs=primary&sslmode=require",
    ],
)
def test_urls_without_a_password(url: str) -> None:
    """Sockets, addresses and several hosts are URLs, and are handed on as they are."""
    assert url == Database(url=url).dsn
    separator = "&" if "?" in url else "?"
    assert f"{url}{separator}password=pw" == Database(url=url, password=SecretStr("pw")).dsn


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me@db:99999/teamline",
        "postgresql://me@a:5432,b:0/teamline",
        "postgresql://me@db/a%00b",
        "postgresql://me@db/teamline?target_session_attrs=x",
        "postgresql:///teamline?host=relative/path",
        "postgresql://me@db/teamline?sslrootcert=/nowhere/ca.pem",
    ],
)
def test_urls_that_can_never_work(folder, write, environ, url: str) -> None:
    """What the driver would stumble over later is a fault by line now."""
    write("gateway.toml", f'[database]\nurl = "{url}"\n')
    (fault,) = faults(folder, environ)
    assert fault.startswith("config/gateway.toml:2: database.url: ")


def test_the_short_name_of_the_scheme() -> None:
    """postgres:// is the same as postgresql://."""
    assert Database(url="postgresql://db/a") == Database(url="postgres://db/a")


def test_a_file_has_no_address() -> None:
    """SQLite's database is a path, and nothing is connected to."""
    assert ("sqlite", Path("var/teamline.db")) == (Database().engine, Database().path)
    with pytest.raises(Misuse):
        _ = Database().dsn


@pytest.mark.parametrize(
    ("name", "folder_name"), [("a%2Fb", "a%2Fb-files"), ("..", "..-files"), ("a+b", "a%2Bb-files")]
)
def test_the_folder_of_a_database_stays_below_var(name: str, folder_name: str) -> None:
    """Whatever a database is called, its files are in one folder of `var`."""
    assert Path("var", folder_name) == Database(url=f"postgresql://db/{name}").files


def test_files_on_s3(folder, write, environ) -> None:
    """A bucket with a prefix, an endpoint and keys, which do not show."""
    write("key", "k3y\n")
    keys = 'access_key_id = { file = "key" }\nsecret_access_key = { env = "PARROT_TOKEN" }\n'
    more = 'endpoint = "http://127.0.0.1:9000/"\nregion = "eu-central-1"\n'
    write("gateway.toml", f'[files]\nurl = "s3://my.bucket/a/b/"\n{more}{keys}')
    settings = load(folder, environ)
    own = (SecretStr("k3y"), SecretStr("s3cret"))
    assert S3Place("my.bucket", "a/b", "http://127.0.0.1:9000", "eu-central-1", *own) == settings.files
    assert "s3://my.bucket/a/b" == settings.files.url
    assert "k3y" not in repr(settings)
    assert "s3cret" not in repr(settings)
    assert folder / "key" in settings.secret_files


def test_a_whole_bucket(folder, write, environ) -> None:
    """A bucket alone is enough: keys and region may be the machine's."""
    write("gateway.toml", '[files]\nurl = "s3://bucket"\n')
    assert S3Place("bucket") == load(folder, environ).files


def test_a_commands_own_database_leaves_the_bucket_alone(folder, write, environ) -> None:
    """What the demo's database does not name must not be deleted from the company's files."""
    write("gateway.toml", '[files]\nurl = "s3://bucket"\n')
    own = Overrides(database=Database(url="postgresql://127.0.0.1/demo"))
    assert Path("var/demo-files") == load(folder, environ, own).files


def test_without_the_channels_secrets(folder, write) -> None:
    """Who only works on the database and its files reads what leads to them, and is told when it is missing."""
    keys = 'access_key_id = { env = "KEY" }\nsecret_access_key = { env = "KEY" }\n'
    write(
        "gateway.toml",
        f'[database]\nurl = "{POSTGRES}"\npassword = {{ env = "PW" }}\n[files]\nurl = "s3://abc"\n{keys}',
    )
    settings = load(folder, {"PW": "pw", "KEY": "key"}, with_secrets=False)
    assert SecretStr("pw") == settings.database.password
    assert SecretStr("key") == settings.files.secret_access_key
    with pytest.raises(ConfigError) as caught:
        load(folder, {"PW": "pw"}, with_secrets=False)
    assert ["files.access_key_id", "files.secret_access_key"] == [fault.key for fault in caught.value.faults]


def test_secrets_are_not_in_the_version(folder, write, environ) -> None:
    """Nodes with another password have the same config; with another database they have not."""
    text = f'[database]\nurl = "{POSTGRES}"\npassword = {{ env = "PW" }}\n'
    write("gateway.toml", text)
    version = load(folder, environ | {"PW": "one"}).version
    assert version == load(folder, environ | {"PW": "two"}).version
    write("gateway.toml", text.replace("5432", "5433"))
    assert version != load(folder, environ | {"PW": "one"}).version


async def test_what_needs_a_restart(folder, write, environ) -> None:
    """Each key of a place that has changed, a secret's file among them, says so and keeps its value."""
    write("pw", "old")
    keys = 'access_key_id = { file = "pw" }\nsecret_access_key = { file = "pw" }\n'
    text = f'[database]\nurl = "{POSTGRES}"\npassword = {{ file = "pw" }}\n[files]\nurl = "s3://abc"\n{keys}'
    write("gateway.toml", text)
    watcher = Watcher(load(folder, environ), Taken(), environ)
    before = watcher.current
    write("pw", "new")
    write("gateway.toml", text + 'region = "eu-north-1"\nendpoint = "http://127.0.0.1:1"\nmax_mb = 1\n')
    await watcher.reload()
    changed = ("database.password", "files.endpoint", "files.region", "files.access_key_id", "files.secret_access_key")
    assert watcher.notices == tuple(f"{key} has changed: it needs a restart" for key in changed)
    assert (before.database, before.files) == (watcher.current.database, watcher.current.files)
    assert 1_000_000 == watcher.current.limits.max_bytes
    write("pw", "old")
    write("gateway.toml", text.replace("s3://abc", "s3://abc/d").replace("5432", "5433"))
    await watcher.reload()
    assert watcher.notices == tuple(f"{key} has changed: it needs a restart" for key in ("database.url", "files.url"))
