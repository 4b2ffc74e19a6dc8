"""Files over HTTP: uploads, and what a signed link leads to.

A link is all that is needed, since providers and `<img>` bring nothing else. What is served can do nothing: a picture
that we have written ourselves may be shown, everything else is a download, and neither may be more than its type says.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from aiohttp import web

from gateway.actions import attach
from gateway.actions.attach import Upload, Who
from gateway.domain.attachment import Owner
from gateway.domain.wire import Json
from gateway.errors import Problem, Unavailable
from gateway.files.kinds import recognize
from gateway.files.names import disposition
from gateway.http import headers
from gateway.http.deps import Deps
from gateway.http.multipart import read_file
from gateway.http.route import Call, Route
from gateway.http.shapes import Attachment, Nothing
from gateway.store import attachments, credentials
from gateway.store.attachments import Stored
from gateway.store.store import Tx

_FILE: Final = headers.API | {
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",  # the link is the permission; pages of named `origins` show it
}


class Gone(Problem):
    """This link has ended. Read the message again for a new one."""

    status, slug, title = 410, "gone", "Link ended"


class Files:
    """/files/{token}/{name}; the name is for people, and for saving."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    async def serve(self, request: web.Request) -> web.StreamResponse:
        return await self.take(request, request.match_info["token"])

    async def take(self, request: web.Request, token: str) -> web.StreamResponse:
        """What a token leads to. Raises Gone, whatever is wrong with it; Unavailable."""
        links = self._deps.links
        target = links.read(token)
        if target is None or (left := links.seconds_left(target)) <= 0:
            raise Gone
        file = await self._deps.store.read(attachments.stored, target.attachment, thumb=target.thumb)
        if file is None:
            raise Gone
        kept = {"Cache-Control": f"private, max-age={left}, immutable", "ETag": f'"{file.hash}"'}
        if request.headers.get("If-None-Match") == kept["ETag"]:
            return web.Response(status=304, headers=_FILE | kept)
        content = await self._content(file.hash)
        return web.Response(body=content, headers=_FILE | kept | _about(file, content))

    async def _content(self, hash_: str) -> bytes:
        try:
            content = await self._deps.intake.store.get(hash_)
        except OSError:
            raise Unavailable("the file cannot be read") from None
        if content is None:
            raise Gone
        return content


def _about(file: Stored, content: bytes) -> dict[str, str]:
    kind = recognize(content) if file.is_picture else None  # a thumbnail may be of another type than its picture
    return {
        "Content-Type": kind.type if kind else file.type,
        "Content-Disposition": disposition(file.name, inline=file.is_picture),
    }


def token_below_prefix(path: str, prefix: str) -> str | None:
    """The token in a path that still has the prefix of `public_url`, from a proxy that does not strip it."""
    token, slash, name = path.removeprefix(f"{prefix}/files/").partition("/")
    return token if prefix and path.startswith(f"{prefix}/files/") and slash and name else None


async def upload(deps: Deps, request: web.Request, who: Who, key: str | None = None, source: str | None = None) -> Json:
    """Take in the file of a form, for `who` to name in a message. The attachment, with its URLs.

    `who` is asked before the body is read, and again in the transaction that stores it. `source` is the address whose
    uploads are bounded; None: they are not. Raises Unauthenticated,
    TooLarge, TooSlow, WrongType, Malformed, Invalid, TooMany, Unavailable.
    """
    await deps.store.read(attach.may_upload, who)
    content, name = await _read(deps, request, source)
    said = hashlib.sha256(content)
    said.update(f"\n{request.method}\n{request.path}\n{name}".encode("utf-8", "surrogatepass"))
    file = await deps.intake.examine(content, name)
    kept = await attach.keep(deps.store, deps.intake, file, deps.clock())
    order = Upload(who, kept, key, said.digest(), deps.clock())
    return deps.links.sign_file(await deps.store.write(attach.upload, order))


async def _read(deps: Deps, request: web.Request, source: str | None) -> tuple[bytes, str | None]:
    """What may come is counted before it does, so that many at once are bounded as well."""
    most, paces = deps.intake.limits.max_bytes, deps.paces
    if source is None:
        return await read_file(request, most, deps.body_seconds)
    now = deps.clock()
    paces.uploads.take(source, now)
    taken, came = paces.upload_bytes.take(source, now, min(request.content_length or most, most)), 0
    try:
        content, name = await read_file(request, most, deps.body_seconds)
        came = len(content)
    finally:
        paces.upload_bytes.give_back(source, max(0, taken - came))
    return content, name


async def upload_file(call: Call[Nothing, Nothing]) -> Json:
    async def who(tx: Tx) -> Owner:
        return Owner.of_agent((await credentials.authenticate(tx, call.secret, call.now)).agent)

    return await upload(call.deps, call.request, who, call.key)


ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        "POST",
        "/api/agent/v1/attachments",
        upload_file,
        "Upload a file, to be named by a message",
        Nothing,
        Nothing,
        Attachment,
        status=201,
        problems=(422, 429),
        makes=True,
        uploads=True,
    ),
)
