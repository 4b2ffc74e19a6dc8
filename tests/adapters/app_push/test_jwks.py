"""Keys behind a URL, over real HTTP: how often they are fetched, and what a bad answer changes (nothing)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from adapters.app_push import jwks
from adapters.app_push.jwks import LARGEST, LONGEST, SHORTEST, SOON, USUAL, Jwks
from gateway.errors import Unavailable
from tests.adapters.app_push.backend import KEYS, Clock, Published, jwk


@asynccontextmanager
async def fetching(published: Published, clock: Clock) -> AsyncIterator[Jwks]:
    async with published, aiohttp.ClientSession() as http:
        found = Jwks(published.url, http, clock)
        yield found
        await found.close()


def bad_answers() -> dict[str, web.Response]:
    return {
        "an error": web.Response(status=500),
        "not there": web.Response(status=404),
        "a redirect": web.Response(status=302, headers={"Location": "/jwks.json"}),
        "nothing": web.Response(),
        "not JSON": web.Response(text="<html>"),
        "not UTF-8": web.Response(body=b'{"keys": ["\xff"]}'),
        "a list": web.json_response([jwk()]),
        "no list": web.json_response({"keys": {"a": jwk()}}),
        "no key": web.json_response({"keys": []}),
        "nested": web.Response(text="[" * 100_000),
        "huge": web.json_response({"keys": [jwk()], "more": "x" * LARGEST}),
        "packed": web.Response(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}),
    }


async def test_one_fetch_is_for_all() -> None:
    """However many ask at once, and as long as the answer is good, the URL is asked once."""
    clock = Clock()
    async with fetching(published := Published(jwk("ES256"), jwk("RS256"), jwk("EdDSA")), clock) as found:
        algs = ["ES256", "RS256", "EdDSA"] * 10
        keys = await asyncio.gather(*(found.find(alg, alg) for alg in algs))
        assert algs == [key.alg for key in keys if key is not None]
        clock.seconds = 3_599
        assert [True, True, 1] == [keys[0] == await found.find("ES256", "ES256"), keys[0] is not None, published.asked]


async def test_a_kid_names_a_key_of_one_algorithm() -> None:
    """A name under another algorithm finds nothing, and no name finds the only key."""
    async with fetching(Published(jwk("ES256", "a"), jwk("RS256", "a")), Clock()) as found:
        both = [await found.find("a", alg) for alg in ("ES256", "RS256")]
        assert ["ES256", "RS256"] == [key.alg for key in both if key is not None]
        assert [None] * 3 == [await found.find(*asked) for asked in (("a", "EdDSA"), ("a", "HS256"), (None, "ES256"))]
    async with fetching(Published(KEYS["ES256"].as_dict(private=False)), Clock()) as found:
        assert "ES256" == ((key := await found.find(None, "ES256")) and key.alg)
        assert [None, None] == [await found.find(None, "RS256"), await found.find("a", "ES256")]


async def test_an_unknown_kid_asks_again_once_a_minute() -> None:
    """A new key is found by its first token, and tokens with invented names cost one request a minute."""
    clock = Clock()
    async with fetching(published := Published(jwk("ES256", "old")), clock) as found:
        await found.find("old", "ES256")
        published.keys = [jwk("RS256", "new")]
        for clock.seconds in (1, 30, SHORTEST - 1):
            assert (None, 1) == (await found.find("new", "RS256"), published.asked)
        clock.seconds = SHORTEST
        assert "RS256" == ((key := await found.find("new", "RS256")) and key.alg)
        assert [None] * 3 == [await found.find(name, "ES256") for name in ("old", "x", "y")]
        assert 2 == published.asked


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("max-age=3600", 3_600),
        ("public, MAX-AGE = 3600", 3_600),
        ('max-age="3600"', 3_600),
        ("max-age=1", SHORTEST),
        ("max-age=0", SHORTEST),
        ("no-store", SHORTEST),
        ("no-cache, max-age=3600", SHORTEST),
        ("max-age=9999999999", LONGEST),
        ("s-maxage=5", USUAL),
        ("max-age=-5", USUAL),
        (None, USUAL),
    ],
)
async def test_an_answer_is_good_for_as_long_as_it_says(told: str | None, seconds: float) -> None:
    """Between a minute and a day; then a known key is asked for anew."""
    clock = Clock()
    async with fetching(published := Published(jwk(), cache_control=told), clock) as found:
        asked = []
        for clock.seconds in (0, seconds - 1, seconds + SHORTEST + 1):
            assert await found.find("ES256", "ES256") is not None
            asked.append(published.asked)
        assert [1, 1, 2] == asked


@pytest.mark.parametrize("case", bad_answers())
async def test_a_bad_answer_changes_nothing(case: str) -> None:
    """The keys of the last good answer stay, and the URL is asked again a minute later."""
    clock = Clock()
    async with fetching(published := Published(jwk()), clock) as found:
        key = await found.find("ES256", "ES256")
        published.answer = bad_answers()[case]
        clock.seconds = 4_000
        assert (key, 2) == (await found.find("ES256", "ES256"), published.asked)
        published.keys = [jwk("RS256")]
        clock.seconds += SHORTEST - 1
        assert (key, 2) == (await found.find("ES256", "ES256"), published.asked)
        clock.seconds += SHORTEST + 2
        assert (None, 3) == (await found.find("ES256", "ES256"), published.asked)


@pytest.mark.parametrize("case", bad_answers())
async def test_a_bad_first_answer_is_asked_for_again_soon(case: str) -> None:
    """Without a single key it is "not now", and the next try comes within seconds."""
    clock = Clock()
    async with fetching(published := Published(jwk()), clock) as found:
        published.answer = bad_answers()[case]
        for clock.seconds in (0, SOON - 1):
            with pytest.raises(Unavailable) as raised:
                await found.find("ES256", "ES256")
            assert (SOON, 1) == (raised.value.retry_after, published.asked)
        clock.seconds = SOON
        assert await found.find("ES256", "ES256") is not None


async def test_a_url_where_nobody_listens_is_bad_too() -> None:
    """A connection refused leaves the old keys as they are."""
    clock = Clock()
    async with aiohttp.ClientSession() as http:
        async with Published(jwk()) as published:
            found = Jwks(published.url, http, clock)
            key = await found.find("ES256", "ES256")
        clock.seconds = 4_000
        assert (True, key) == (key is not None, await found.find("ES256", "ES256"))
        await found.close()


async def test_a_known_key_does_not_wait_for_one_that_hangs() -> None:
    """While a fetch hangs, known keys are found at once, even just out of date; the fetch ends by itself."""
    clock = Clock()
    async with fetching(published := Published(jwk()), clock) as found:
        key = await found.find("ES256", "ES256")
        published.hanging = asyncio.Event()
        clock.seconds = 3_601
        unknown = [asyncio.create_task(found.find("new", "ES256")) for _ in range(20)]
        async with asyncio.timeout(1):
            assert [key] * 20 == [await found.find("ES256", "ES256") for _ in range(20)]
        unknown[0].cancel()
        published.keys.append(jwk("ES256", "new"))
        published.hanging.set()
        assert [key] * 19 == await asyncio.gather(*unknown[1:])
        assert 2 == published.asked


async def test_a_fetch_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL that never answers costs those who wait for it the patience of one fetch."""
    monkeypatch.setattr(jwks, "PATIENCE", 0.02)
    async with fetching(published := Published(jwk()), Clock()) as found:
        published.hanging = asyncio.Event()
        async with asyncio.timeout(5):
            with pytest.raises(Unavailable):
                await found.find("ES256", "ES256")


async def test_closing_ends_a_fetch() -> None:
    """A fetch under way ends with the channel, and who waits for it is told "not now"."""
    async with fetching(published := Published(jwk()), Clock()) as found:
        published.hanging = asyncio.Event()
        waiting = asyncio.create_task(found.find("ES256", "ES256"))
        await published.reached.wait()
        await found.close()
        with pytest.raises(Unavailable):
            await waiting


def strange_keys() -> dict[str, Any]:
    weak = rsa.generate_private_key(65_537, 1_024).public_key().public_numbers()
    modulus = RSAKey.import_key(KEYS["RS256"].as_dict(private=False)).as_dict(private=False)
    return {
        "a secret": OctKey.import_key("x" * 32).as_dict(),
        "another curve": ECKey.import_key(ec.generate_private_key(ec.SECP384R1())).as_dict(private=False),
        "not on the curve": jwk() | {"x": jwk()["y"]},
        "not base64": jwk() | {"x": "\u00e9"},
        "a coordinate too few": {name: value for name, value in jwk().items() if name != "y"},
        "for agreement only": OKPKey.generate_key("X25519").as_dict(private=False),
        "of Ed448": OKPKey.generate_key("Ed448").as_dict(private=False),
        "weak": {"kty": "RSA", "e": "AQAB", "n": _base64(weak.n, 128)},
        "weak behind zeros": {"kty": "RSA", "e": "AQAB", "n": _base64(weak.n, 300)},
        "with an exponent of 1": modulus | {"e": "AQ"},
        "enormous": {"kty": "RSA", "e": "AQAB", "n": _base64((1 << 16_000) + 1, 2_001)},
        "modulus a number": {"kty": "RSA", "e": "AQAB", "n": 12345},
        "private": KEYS["ES256"].as_dict(private=True),
        "for encryption": jwk(use="enc"),
        "for signing only": jwk(key_ops=["sign"]),
        "operations a number": jwk(key_ops=5),
        "for another algorithm": jwk() | {"alg": "ES512"},
        "RSA for PSS": jwk("RS256") | {"alg": "PS256"},
        "without a type": {"kid": "a"},
        "type a list": {"kty": ["EC"], "crv": "P-256"},
        "no table": "key",
        "null": None,
    }


def _base64(number: int, size: int) -> str:
    return OctKey.import_key(number.to_bytes(size, "big")).as_dict()["k"]  # type: ignore[return-value]


async def test_strange_keys_are_passed_over() -> None:
    """Keys of kinds that we do not take are as if they were not there, and the others count."""
    strange = [key | {"kid": case} if isinstance(key, dict) else key for case, key in strange_keys().items()]
    async with fetching(Published(*strange, jwk("EdDSA", "good")), Clock()) as found:
        assert "EdDSA" == ((key := await found.find("good", "EdDSA")) and key.alg)
        algs = ("ES256", "RS256", "EdDSA", "HS256")
        assert [] == [case for case in strange_keys() for alg in algs if await found.find(case, alg) is not None]


async def test_a_set_is_read_only_so_far() -> None:
    """Of a set with very many keys the first hundred count."""
    async with fetching(Published(*(jwk("EdDSA", f"{n}") for n in range(101))), Clock()) as found:
        assert [True, False] == [await found.find(kid, "EdDSA") is not None for kid in ("99", "100")]
