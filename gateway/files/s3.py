"""A FileStore in a bucket of S3 or a store that speaks its language: `prefix/ab/cd/abcd...`.

Every call ends within a bound that its size sets, whatever the store does, and every failure is an OSError in words of
our own: what a store or a library says may repeat a request with its keys. Needs the rights to list, get, put and
delete: without the first, S3 answers "forbidden" for what is not there.
"""

from __future__ import annotations

import asyncio
import errno
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from gateway.errors import ConfigError, Fault
from gateway.files.place import S3Place
from gateway.files.store import hash_at, hash_of, path_of

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config, S3Credential

ANSWER_SECONDS: Final = 5.0
"""How long an answer may take, with everything that is tried again."""
BYTES_A_SECOND: Final = 2_000_000
"""The pace below which a store counts as hanging: 25 MB get 12.5 seconds more."""
PAGE: Final = 1000
"""Names in one answer to a listing, the most that S3 gives."""

_BAD_ENVIRONMENT: Final = Fault(
    "environment", 0, "AWS_*", "has a value that S3 clients cannot use", "correct or unset it"
)

_REACH: Final = "check files.endpoint, files.region and the network"
_KEYS: Final = "check files.access_key_id and its secret, and what that key may do"
_OWN: Final = "write files.access_key_id and files.secret_access_key, or give this machine a role"
_REFUSED: Final = re.compile(r"status code: 40[13]\b")

_CLIENT: Final[ClientConfig] = {"connect_timeout": timedelta(seconds=1.5), "timeout": timedelta(minutes=2)}
_RETRY: Final[RetryConfig] = {
    "max_retries": 3,
    "retry_timeout": timedelta(seconds=ANSWER_SECONDS),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1), "base": 2},
}


class S3Files:
    """See FileStore. An object is whole or not there, and safe with the store when it says so.

    Raises ConfigError when it is made and an `AWS_*` of the environment is nonsense; asks nothing of the store yet.
    """

    def __init__(self, place: S3Place) -> None:
        client = _CLIENT | {"allow_http": (place.endpoint or "").startswith("http://")}
        keys = _keys_of(place)
        try:
            self._store = S3Store(
                place.bucket,
                prefix=place.prefix or None,
                config=_config_of(place),
                client_options=client,
                retry_config=_RETRY,
                credential_provider=None if keys is None else lambda: keys,
            )
        except BaseError:
            raise ConfigError((_BAD_ENVIRONMENT,)) from None

    async def put(self, content: bytes) -> str:
        hash_ = await asyncio.to_thread(hash_of, content)
        path = path_of(hash_)
        async with _bounded(len(content)):
            if not await self._is_there(path):  # two who find it missing write the same bytes
                await self._store.put_async(path, content, use_multipart=False)
        return hash_

    async def get(self, hash_: str) -> bytes | None:
        path = path_of(hash_)
        try:
            async with _bounded():
                found = await self._store.get_async(path)
        except FileNotFoundError:
            return None
        async with _bounded(found.meta["size"]):
            return (await found.bytes_async()).to_bytes()

    async def delete(self, hash_: str) -> None:
        path = path_of(hash_)
        with suppress(FileNotFoundError):
            async with _bounded():
                await self._store.delete_async(path)

    async def hashes(self) -> AsyncIterator[str]:
        pages = self._store.list(chunk_size=PAGE)
        while True:
            async with _bounded():
                page = await anext(pages, None)
            if page is None:
                return
            for found in page:
                if (hash_ := hash_at(found["path"])) is not None:
                    yield hash_

    async def _is_there(self, path: str) -> bool:
        try:
            await self._store.head_async(path)
        except FileNotFoundError:
            return False
        return True


@asynccontextmanager
async def _bounded(size: int = 0) -> AsyncIterator[None]:
    """As long as `size` bytes may take; FileNotFoundError where the object, and OSError where the bucket is missing."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS + size / BYTES_A_SECOND):
            yield
    except TimeoutError:
        raise TimeoutError(errno.ETIMEDOUT, f"the file store does not answer in time; {_REACH}") from None
    except (BaseError, OSError, ValueError) as error:
        raise _told(error) from None


def _told(error: Exception) -> OSError:
    """In our own words. What a listing meets has no kind of its own, and is told by what the store said."""
    said = str(error)
    if "<Code>NoSuchBucket<" in said:  # https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
        return OSError(errno.ENXIO, "the file store has no such bucket; make it there, or correct files.url")
    if "//169.254." in said:  # where a machine at AWS asks for the keys of its role
        return PermissionError(errno.EACCES, f"there are no keys for the file store; {_OWN}")
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or _REFUSED.search(said) is not None:
        return PermissionError(errno.EACCES, f"the file store refuses our keys, or they may not do this; {_KEYS}")
    if isinstance(error, FileNotFoundError):
        return FileNotFoundError(errno.ENOENT, "the file store has nothing there")
    return OSError(errno.EIO, f"the file store cannot be reached, or fails; {_REACH}")


def _config_of(place: S3Place) -> S3Config:
    """What is not said here is taken from the `AWS_*` of the environment, so what is said takes the name that wins."""
    config: S3Config = {"disable_bulk_delete": True}  # not every store has it, and we delete one by one
    if place.endpoint is not None:
        config["aws_endpoint_url_s3"] = place.endpoint
    if place.region is not None:
        config["region"] = place.region
    return config


def _keys_of(place: S3Place) -> S3Credential | None:
    """None for the machine's own. As a credential of its own kind it has no session token of the environment's."""
    if place.access_key_id is None or place.secret_access_key is None:
        return None
    return {
        "access_key_id": place.access_key_id.get_secret_value(),
        "secret_access_key": place.secret_access_key.get_secret_value(),
        "token": None,
        "expires_at": None,
    }
