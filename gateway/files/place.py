"""Where files are kept, as a value, and the one place that opens it: a folder, or a bucket of an S3 store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import structlog
from pydantic import SecretStr

from gateway.files.store import FileStore, LocalFiles, hash_of

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class S3Place:
    """A part of a bucket. Without keys the machine's own are used: `AWS_*` in the environment, or its role."""

    bucket: str
    prefix: str = ""
    """Without a slash at either end."""
    endpoint: str | None = None
    """Scheme, host and perhaps a path; None: AWS. Unencrypted only on this machine."""
    region: str | None = None
    access_key_id: SecretStr | None = None
    secret_access_key: SecretStr | None = None
    """Set together with `access_key_id`, or not at all."""

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


Place = Path | S3Place


async def look(place: Place, files: FileStore) -> None:
    """Tell in the log if the place cannot be used; ends within the bound of one answer. Only reading is tried: a
    folder need not be there yet."""
    try:
        await files.get(hash_of(b""))  # whether there is such a file is no matter
    except OSError as error:
        where = str(place) if isinstance(place, Path) else place.url
        log.warning("files.unusable", place=where, why=error.strerror or type(error).__name__)


def open_files(place: Place) -> FileStore:
    """Nothing is asked of it yet: a folder need not be there, and a store that is down is told by `look`, or at use.

    Raises ConfigError where the environment's `AWS_*` make no sense.
    """
    if isinstance(place, Path):
        return LocalFiles(place)
    from gateway.files.s3 import S3Files  # noqa: PLC0415  whoever has a folder does not load the client

    return S3Files(place)
