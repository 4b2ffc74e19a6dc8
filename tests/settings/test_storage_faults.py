"""Mistakes in [database] and [files]: each is one fault, at its line, and repeats no password."""

from __future__ import annotations

import pytest

from gateway.settings.storage import PARAMETERS, SSL_MODES
from tests.settings.test_faults import SECRET_FORM, WRITTEN, faults
from tests.settings.test_storage import POSTGRES

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
BOTH = "write both, or neither for this machine's own"
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
    (
        'url = "s3://bucket"\naccess_key_id = { env = "PARROT_TOKEN" }',
        f"1: files.secret_access_key: is missing beside access_key_id; {BOTH}",
    ),
    (
        'url = "s3://bucket"\nsecret_access_key = { env = "PARROT_TOKEN" }',
        f"3: files.secret_access_key: has no access_key_id beside it; {BOTH}",
    ),
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


def test_a_fault_of_the_url_hides_no_other(folder, write, environ) -> None:
    """Half a pair of keys is told in the same pass as the URL beside it."""
    write("gateway.toml", '[files]\nurl = "s3://B"\naccess_key_id = { env = "PARROT_TOKEN" }\n')
    key = f"1: files.secret_access_key: is missing beside access_key_id; {BOTH}"
    expected = [key, f"2: files.url: {NO_BUCKET}"]
    assert [f"config/gateway.toml:{fault}" for fault in expected] == faults(folder, environ)


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
