"""Google for tests: the sign-in of service accounts, and FCM's HTTP v1, on one port of this machine.

It believes one account's key, checks each assertion as Google says it does, and each message against `fcm_schema`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, Self
from uuid import uuid4

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from tests.standins.fcm_schema import reserved, violation

PROJECT = "care-example"
EMAIL = "push@care-example.iam.gserviceaccount.com"
KEY_ID = "0123456789abcdef"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
MOST_BYTES = 4096

Spoiled = Literal["hang", "break off", "as usual"]


@dataclass
class Answer:
    """One that FCM or the sign-in gives instead of its own."""

    status: int
    code: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "told to"
    violations: list[str] = field(default_factory=list)


@cache
def _private() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)  # it takes long, and one will do


class FcmStandIn:
    """`account` is the JSON file that Google hands out. The next requests are spoiled as `spoil` says, one each."""

    def __init__(self, lasts: int = 3599) -> None:
        self.lasts = lasts
        self.ahead = 0.0
        """Seconds that its clock is ahead of ours."""
        self.taken: list[dict[str, Any]] = []
        """Each message that was in order."""
        self.signed_in = 0
        self.spoil: deque[Answer | Spoiled] = deque()
        self.spoil_sign_in: deque[Answer | Spoiled] = deque()
        self._live: dict[str, float] = {}
        self._let_go = asyncio.Event()
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/token", self._sign_in)
        app.router.add_post(f"/v1/projects/{PROJECT}/messages:send", self._send)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._let_go.set()
        await self._runner.cleanup()

    @property
    def account(self) -> str:
        pem = _private().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return json.dumps(
            {
                "type": "service_account",
                "project_id": PROJECT,
                "private_key_id": KEY_ID,
                "private_key": pem,
                "client_email": EMAIL,
                "token_uri": f"{self.url}/token",
            }
        )

    def forget_tokens(self) -> None:
        """None that it has given out is good any more."""
        self._live.clear()

    async def _sign_in(self, request: web.Request) -> web.Response:
        self.signed_in += 1
        if spoiled := await self._spoiled(request, self.spoil_sign_in):
            return web.json_response({"error": spoiled.code}, status=spoiled.status, headers=spoiled.headers)
        form = await request.post()
        if form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        if fault := self._assertion_fault(str(form.get("assertion"))):
            return web.json_response({"error": "invalid_grant", "error_description": fault}, status=400)
        token = f"ya29.{uuid4().hex}"
        self._live[token] = self._now() + self.lasts
        return web.json_response({"access_token": token, "expires_in": self.lasts, "token_type": "Bearer"})

    def _assertion_fault(self, assertion: str) -> str | None:
        try:
            found = jwt.decode(assertion, RSAKey.import_key(_private().public_key()), algorithms=["RS256"])
        except (JoseError, ValueError):
            return "Invalid JWT Signature."
        claims = found.claims
        if found.header.get("kid") != KEY_ID or claims.get("iss") != EMAIL:
            return "Invalid grant: account not found"
        if claims.get("aud") != f"{self.url}/token" or claims.get("scope") != SCOPE:
            return "Invalid audience or scope"
        timely = abs(claims["iat"] - self._now()) < 300 and claims["iat"] < claims["exp"] <= claims["iat"] + 3600
        return None if timely else "Invalid JWT: Token must be a short-lived token"

    async def _send(self, request: web.Request) -> web.Response:
        content = await request.read()
        if spoiled := await self._spoiled(request, self.spoil):
            return _error(spoiled)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self._live.get(token, 0.0) < self._now():
            return _error(Answer(401))
        told = json.loads(content)
        if field_name := violation(told):
            return _error(Answer(400, "INVALID_ARGUMENT", violations=[field_name]))
        message = told["message"]
        shown = len(json.dumps([message["data"], message["notification"]], ensure_ascii=False).encode())
        if reserved(message["data"]) or shown > MOST_BYTES:
            return _error(Answer(400, "INVALID_ARGUMENT", message="Message is too big, or has a reserved key"))
        self.taken.append(message)
        return web.json_response({"name": f"projects/{PROJECT}/messages/{uuid4().hex}"})

    async def _spoiled(self, request: web.Request, faults: deque[Answer | Spoiled]) -> Answer | None:
        fault = faults.popleft() if faults else "as usual"
        if fault == "hang":
            await self._let_go.wait()
        elif fault == "break off":
            assert request.transport is not None
            request.transport.abort()
        return fault if isinstance(fault, Answer) else None

    def _now(self) -> float:
        return time.time() + self.ahead


_STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"}


def _error(answer: Answer) -> web.Response:
    """https://firebase.google.com/docs/cloud-messaging/error-codes"""
    details: list[dict[str, Any]] = []
    if answer.violations:
        violations = [{"field": each, "description": "Invalid value"} for each in answer.violations]
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations})
    elif answer.code:
        fcm_error = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
        details.append({"@type": fcm_error, "errorCode": answer.code})
    status = _STATUS.get(answer.status, "UNAVAILABLE")
    told = {"code": answer.status, "message": answer.message, "status": status, "details": details}
    return web.json_response({"error": told}, status=answer.status, headers=answer.headers)
