"""[database] and [files]: a file or PostgreSQL, a folder or S3; passwords stand beside a URL and never in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway.errors import ConfigError, Misuse
from gateway.files.place import S3Place
from gateway.settings import Database, Overrides, load
from gateway.settings.watch import Watcher
from tests.settings.test_watch import Taken

POSTGRES = "postgresql://teamline@db.example.com:5432/teamline?sslmode=verify-full"


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
