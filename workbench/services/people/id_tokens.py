"""ID tokens: whether the identity provider said this, to us, now, and of whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidClaimError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from workbench.services.errors import ForbiddenError

ALGORITHMS: Final = tuple(
    f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)
)
"""Signatures by a key that only the provider has. No `none`, and no secret that we have, too."""
KEY_TYPES: Final = frozenset({"RSA", "EC"})
LONGEST_SUBJECT: Final = 255
"""Characters (OpenID Connect Core 1.0, section 2)."""
LEEWAY: Final = 60
"""Seconds that the two clocks may differ by."""

Claims = Mapping[str, Any]


class RefusedTokenError(ForbiddenError):
    """What came is no ID token for us; `why` is for the log."""

    def __init__(self, message: str, why: str) -> None:
        super().__init__(message)
        self.why = why


class UnknownKeyError(RefusedTokenError):
    """It is signed with a key that the provider did not have when its keys were read."""


def key_set(document: Mapping[str, Any]) -> KeySet:
    """The keys of a provider that can have signed something. Raises ValueError for none."""
    listed = document.get("keys")
    keys = []
    for each in listed if isinstance(listed, list) else ():
        if not isinstance(each, dict) or each.get("kty") not in KEY_TYPES:
            continue
        if each.get("use", "sig") != "sig":
            continue
        try:
            keys += KeySet.import_key_set({"keys": [each]}).keys
        except (JoseError, ValueError, TypeError, KeyError):
            continue  # one that cannot be read is none
    if not keys:
        raise ValueError("no keys")
    return KeySet(keys)


def checked(
    token: Mapping[str, Any], keys: KeySet, *, issuer: str, client_id: str, nonce: str, refused: str
) -> Claims:
    """What an answer's ID token says, where it is signed, by this issuer, for us, and for this try.

    Checks the signature with an algorithm of `ALGORITHMS`, `iss`, `aud` and `azp`, `exp`, `nbf` and
    `iat`, `nonce`, and `at_hash` (OpenID Connect Core 1.0, section 3.1.3.7). Raises
    RefusedTokenError with the words `refused`, as UnknownKeyError where other keys could help.
    """
    try:
        found = jwt.decode(
            str(token.get("id_token") or ""),
            keys,
            registry=JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False),
        )
        claims = CodeIDToken(
            found.claims,
            found.header,
            {
                "iss": {"essential": True, "value": issuer},
                "aud": {"essential": True, "value": client_id},
            },
            {"nonce": nonce, "client_id": client_id, "access_token": token.get("access_token")},
        )
        claims.validate(leeway=LEEWAY)
        _require_subject(claims["sub"])
    except InvalidKeyIdError as error:
        raise UnknownKeyError(refused, "unknown key") from error
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise RefusedTokenError(refused, _reason(error)) from error
    said: Claims = claims
    return said


def _require_subject(subject: str) -> None:
    if not (0 < len(subject) <= LONGEST_SUBJECT and subject.isprintable()):
        raise InvalidClaimError("sub")


def _reason(error: Exception) -> str:
    """What is wrong, without anything that the token says."""
    return error.error if isinstance(error, JoseError) else type(error).__name__
