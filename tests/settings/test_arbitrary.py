"""The loader against whatever a file can contain."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import ConfigError, Fault
from gateway.settings import load

NAMES = """
server listen public_url trusted_proxies operator_listen database files url password endpoint region access_key_id
secret_access_key team default_team id name timezone regions hours
mon-fri adapter enabled token numbers pace weird env file "+1" auto_reply a.b ''
"""
KEYS = st.sampled_from(NAMES.split())
SCALARS = st.one_of(
    st.sampled_from(
        [
            *('"parrot"', '"front-range"', '"a/b"', "nan", "inf", "1979-05-27", "true", "-1", "1.5", '"\\u0000"'),
            *('"s3://abc"', '"postgresql://a@b/c"', '"postgres://a:b@[c/d?e=f"', '{ env = "PARROT_TOKEN" }'),
        ]
    ),
    st.text(max_size=5).map(lambda text: "'" + text.replace("'", "") + "'"),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(st.tuples(KEYS, inner).map(" = ".join), max_size=3).map(lambda pairs: f"{{{', '.join(pairs)}}}"),
    ),
    max_leaves=6,
)
LINES = st.one_of(
    st.tuples(KEYS, VALUES).map(" = ".join), KEYS.map("[{}]".format), KEYS.map("[[{}]]".format), st.text(max_size=10)
)
CONTENTS = st.one_of(
    st.binary(max_size=50),
    st.text(max_size=50).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.lists(LINES, max_size=8).map(lambda lines: "\n".join(lines).encode("utf-8", "surrogatepass")),
)


@pytest.mark.parametrize("name", ["gateway.toml", "teams.toml", "adapters/sms.toml"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=CONTENTS, appended=st.booleans())
def test_nothing_but_config_errors(files: Mapping[str, str], name: str, content: bytes, appended: bool) -> None:
    """Any bytes in any file are settings or faults, each on a line that the file has."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "adapters").mkdir()
        for file, text in files.items():
            (folder / file).write_text(text)
        whole = files[name].encode() + content if appended else content
        (folder / name).write_bytes(whole)
        for fault in faults(folder):
            assert str(fault).isprintable()
            assert name not in fault.path or 0 <= fault.line <= whole.count(b"\n") + 1


def faults(folder: Path) -> tuple[Fault, ...]:
    try:
        load(folder, {"PARROT_TOKEN": "s3cret"})
    except ConfigError as error:
        return error.faults or pytest.fail("a refusal without a reason")
    return ()
