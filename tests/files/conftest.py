"""One S3 server for all tests of files, started when the first of them needs it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.files.s3_server import s3_process


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3_process(tmp_path_factory.mktemp("s3")) as endpoint:
        yield endpoint
