"""Moto's S3 as a process of its own on 127.0.0.1, with one bucket; it never outlives who started it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import Request, urlopen

from tests.gateway_process import PATIENCE, free_port

BUCKET: Final = "teamline"


@contextmanager
def s3_process(folder: Path) -> Iterator[str]:
    """The address of a server that has the bucket; `folder` gets what it says."""
    port = free_port()
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (folder / "s3.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        _make_bucket(process, f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@contextmanager
def knowing_no_keys(endpoint: str) -> Iterator[None]:
    """Whoever asks meanwhile is refused: https://docs.getmoto.org/en/latest/docs/iam.html"""
    _let_in(endpoint, b"0")
    try:
        yield
    finally:
        _let_in(endpoint, b"inf")


def _let_in(endpoint: str, requests: bytes) -> None:
    """So many more whatever their keys."""
    plain = {"Content-Type": "text/plain"}
    with urlopen(Request(f"{endpoint}/moto-api/reset-auth", data=requests, headers=plain, method="POST")):
        pass


def _make_bucket(process: subprocess.Popen[bytes], endpoint: str) -> None:
    """As soon as it listens."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urlopen(Request(f"{endpoint}/{BUCKET}", method="PUT")):
                return
        except URLError:
            assert process.poll() is None, "the S3 server has ended"
            assert time.monotonic() < deadline, "the S3 server does not listen"
            time.sleep(0.02)
