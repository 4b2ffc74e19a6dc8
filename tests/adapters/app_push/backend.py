"""The company's own app backend, as the tests play it: its keys, the tokens it signs, where it publishes the keys."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import UTC, datetime
from typing import Any, Final, Self

from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from pydantic import SecretStr

from adapters.app_push.config import AppPushConfig

NOW: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET: Final = "drawn-at-random-0123456789-abcdef"

Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
JoseKey = ECKey | OKPKey | RSAKey | OctKey

P256: Final = ec.generate_private_key(ec.SECP256R1())
RSA: Final = rsa.generate_private_key(65_537, 2_048)
ED25519: Final = ed25519.Ed25519PrivateKey.generate()
KEYS: Final[dict[str, JoseKey]] = {
    "ES256": ECKey.import_key(P256),
    "RS256": RSAKey.import_key(RSA),
    "EdDSA": OKPKey.import_key(ED25519),
    "HS256": OctKey.import_key(SECRET),
}


class Clock:
    """A time that only the test moves. Call it for the seconds, `now` for the date."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(NOW.timestamp() + self.seconds, UTC)


def public_pem(key: Private) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def private_pem(key: Private) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def jwt_key(alg: str = "ES256", kid: str | None = None) -> dict[str, Any]:
    """An entry of [[jwt_key]] whose kid is the algorithm's name."""
    private: dict[str, Private] = {"ES256": P256, "RS256": RSA, "EdDSA": ED25519}
    content = {"secret": SECRET} if alg == "HS256" else {"public_key": public_pem(private[alg])}
    return {"kid": kid or alg, "alg": alg, **{name: SecretStr(text) for name, text in content.items()}}


def config(*algs: str, **keys: Any) -> AppPushConfig:
    """A file with a key of each of these algorithms."""
    told = {"adapter": "app_push", "audience": "teamline", "jwt_key": [jwt_key(alg) for alg in algs], **keys}
    return AppPushConfig.model_validate(told)


def claims(**others: Any) -> dict[str, Any]:
    """What a plain token says, for an hour from NOW; None leaves a claim out."""
    plain = {"sub": "customer-4711", "aud": "teamline", "exp": NOW.timestamp() + 3_600}
    return {name: value for name, value in {**plain, **others}.items() if value is not None}


def compact(header: str | dict[str, Any], payload: str | dict[str, Any], key: JoseKey, alg: str) -> str:
    """A token with exactly this header and payload, signed as if the header said this algorithm."""
    text = (part if isinstance(part, str) else json.dumps(part) for part in (header, payload))
    signed = ".".join(b64(part.encode()) for part in text)
    return f"{signed}.{b64(JWSRegistry.algorithms[alg].sign(signed.encode(), key))}"


def token(alg: str = "ES256", kid: str | None = None, **others: Any) -> str:
    """A good token but for what is asked to be otherwise."""
    return compact({"alg": alg, "typ": "JWT", "kid": kid or alg}, claims(**others), KEYS[alg], alg)


def jwk(alg: str = "ES256", kid: str | None = None, **others: Any) -> dict[str, Any]:
    """The public half of a key as a JWKS lists it."""
    return {**KEYS[alg].as_dict(private=False), "kid": kid or alg, "use": "sig", **others}


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


class Published:
    """A JWKS over real HTTP on 127.0.0.1. `asked` counts the requests; `answer` goes out in place of the keys."""

    def __init__(self, *keys: Any, cache_control: str | None = "max-age=3600") -> None:
        self.keys: list[Any] = list(keys)
        self.cache_control = cache_control
        self.answer: web.Response | None = None
        self.asked = 0
        self.hanging: asyncio.Event | None = None
        """Answers wait for this event."""
        self.reached = asyncio.Event()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/jwks.json", self._serve)
        self._server = TestServer(app, host="127.0.0.1")
        await self._server.start_server()
        self.url = str(self._server.make_url("/jwks.json"))
        return self

    async def __aexit__(self, *_raised: object) -> None:
        if self.hanging is not None:
            self.hanging.set()
        await self._server.close()

    async def _serve(self, _request: web.Request) -> web.StreamResponse:
        self.asked += 1
        self.reached.set()
        if self.hanging is not None:
            await self.hanging.wait()
        if self.answer is not None:
            told, self.answer = self.answer, None
            return told
        headers = {} if self.cache_control is None else {"Cache-Control": self.cache_control}
        return web.json_response({"keys": self.keys}, headers=headers)
