"""Keys, checked: each is of one algorithm and of use with no other. Refuses weak ones, and private ones in public.

The algorithms are RFC 7518's ES256, RS256 and HS256, and RFC 8037's EdDSA with Ed25519.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.util import base64_to_int

PublicAlg = Literal["ES256", "RS256", "EdDSA"]
Alg = Literal["ES256", "RS256", "EdDSA", "HS256"]

RSA_BITS: Final = range(2_048, 4_096 + 1)
"""Fewer can be broken (NIST SP 800-131A); more would make checking a signature slow for everybody."""
SHORTEST_SECRET: Final = 32
"""Bytes: RFC 7518, 3.2."""
LEAST_VARIETY: Final = 8
"""Different characters: what has fewer was typed, not drawn."""

_PUBLIC: Final = "write the public half: openssl pkey -in PRIVATE.pem -pubout"
_DRAW: Final = "draw one: openssl rand -base64 48"
_MAKE: Final = "make one: openssl ecparam -name prime256v1 -genkey -noout -out KEY.pem"
_DOWNLOAD: Final = "download the .p8 file at developer.apple.com, under Keys"
_KEY_FOR: Final[Mapping[PublicAlg, str]] = {"ES256": "a P-256", "RS256": "an RSA", "EdDSA": "an Ed25519"}


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """What checks the signature of a token. Two are equal when they are the same key for the same algorithm."""

    alg: Alg
    jwk: ECKey | RSAKey | OKPKey | OctKey


def from_pem(alg: PublicAlg, pem: str) -> Key:
    """A public key. Raises ValueError("wrong; right")."""
    if "PRIVATE KEY-----" in pem:
        raise ValueError(f"is a private key, which belongs to the app's backend alone; {_PUBLIC}")
    if "BEGIN CERTIFICATE" in pem:
        raise ValueError("is a certificate; write its key: openssl x509 -in CERTIFICATE.pem -noout -pubkey")
    try:
        found = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"is no public key in PEM; {_PUBLIC}") from None
    match alg, found:
        case "ES256", EllipticCurvePublicKey(curve=SECP256R1()):
            return Key(alg, ECKey.import_key(found))
        case "RS256", RSAPublicKey():
            _check_bits(found.key_size)
            return Key(alg, RSAKey.import_key(found))
        case "EdDSA", Ed25519PublicKey():
            return Key(alg, OKPKey.import_key(found))
    raise ValueError(f"is no key for {alg}; write {_KEY_FOR[alg]} key, or the alg that this one is for")


def from_secret(secret: str) -> Key:
    """A secret that both sides share, for HS256. Raises ValueError("wrong; right")."""
    if secret.startswith("-----BEGIN"):
        raise ValueError(f"is a key in PEM, not a secret; {_DRAW}")
    if len(secret.encode()) < SHORTEST_SECRET:
        raise ValueError(f"is shorter than {SHORTEST_SECRET} bytes; {_DRAW}")
    if len(set(secret)) < LEAST_VARIETY:
        raise ValueError(f"can be guessed; {_DRAW}")
    return Key("HS256", OctKey.import_key(secret))


def from_jwk(told: Mapping[str, Any]) -> Key | None:
    """A public key of a JWKS (RFC 7517); None for one that is not ours to use. May raise whatever its fields cause."""
    usable = told.get("use", "sig") == "sig" and "verify" in told.get("key_ops", ("verify",)) and "d" not in told
    alg: PublicAlg | None = None
    match told:
        case {"kty": "EC", "crv": "P-256"}:
            alg = "ES256"
        case {"kty": "RSA", "n": str(modulus)} if base64_to_int(modulus).bit_length() in RSA_BITS:
            alg = "RS256"
        case {"kty": "OKP", "crv": "Ed25519"}:
            alg = "EdDSA"
    if not usable or alg is None or told.get("alg", alg) != alg:
        return None
    return _imported(alg, {name: told[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in told})


def check_p256_private(pem: str) -> None:
    """That it is a private key on P-256. Raises ValueError("wrong; right")."""
    found = _private(pem)
    if not (isinstance(found, EllipticCurvePrivateKey) and isinstance(found.curve, SECP256R1)):
        raise ValueError(f"is no P-256 key; {_MAKE}")  # noqa: TRY004  pydantic collects ValueErrors


def check_apple_private(pem: str) -> None:
    """The same of a key that only Apple gives out."""
    try:
        check_p256_private(pem)
    except ValueError:
        raise ValueError(f"is no key of Apple's; {_DOWNLOAD}") from None


def check_rsa_private(pem: str) -> None:
    """That it is a private RSA key that is strong enough. Raises ValueError("wrong; right")."""
    found = _private(pem)
    if not isinstance(found, RSAPrivateKey):
        raise ValueError("is no RSA key; use the one that was made with the account")  # noqa: TRY004
    _check_bits(found.key_size)


def _private(pem: str) -> object:
    try:
        return load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it has a password
        raise ValueError("is no private key in PEM, without a password; name the file with the key alone") from None


def _imported(alg: PublicAlg, told: dict[str, Any]) -> Key:
    match alg:
        case "ES256":
            return Key(alg, ECKey.import_key(told))
        case "RS256":
            return Key(alg, RSAKey.import_key(told))
        case "EdDSA":
            return Key(alg, OKPKey.import_key(told))


def _check_bits(bits: int) -> None:
    if bits not in RSA_BITS:
        raise ValueError(f"is an RSA key of {bits} bits; use one of {RSA_BITS.start} to {RSA_BITS.stop - 1}")
