"""Secrets and signatures by the Standard Webhooks specification.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

A secret is derived from that of the installation and a salt in the database, so that a stolen
database signs nothing: HMAC-SHA256(secret of the installation, "webhook:" + salt).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final

PREFIX: Final = "whsec_"


def new_salt() -> str:
    """What a new secret is derived by."""
    return secrets.token_hex(16)


def secret_of(installation: str, salt: str) -> str:
    """The secret, `whsec_` and 32 bytes in base64."""
    key = hmac.digest(installation.encode(), b"webhook:" + salt.encode(), "sha256")
    return PREFIX + base64.b64encode(key).decode()


def check_of(secret: str) -> str:
    """What tells whether a secret is the same, and not what it is."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature of a message sent at a moment, in seconds since 1970: `v1,` and base64."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
