"""What an identity provider says of itself: OpenID Connect Discovery 1.0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from authlib.oidc.discovery import get_well_known_url

from workbench.services.errors import UnavailableError
from workbench.services.people import fetching


@dataclass(frozen=True)
class Description:
    """What a provider says of itself, as far as it is used."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str
    """Empty where it cannot end sessions."""
    auth_method: str
    """How a client shows its secret."""


def read(issuer: str, unavailable: str, *, secret: bool) -> Description:
    """Fetch the description of a provider, for a client with a secret or without.

    Raises UnavailableError with these words where it cannot be had, is of another issuer, or names
    no address that is as secure as the issuer's own.
    """
    address = get_well_known_url(issuer, external=True)
    document = fetching.fetch(address, unavailable)
    try:
        _require_issuer(document, issuer)
        schemes = ("https", urlsplit(issuer).scheme)
        return Description(
            _address(document, "authorization_endpoint", schemes),
            _address(document, "token_endpoint", schemes),
            _address(document, "jwks_uri", schemes),
            _address(document, "end_session_endpoint", schemes, needed=False),
            _auth_method(document, secret=secret),
        )
    except ValueError as error:
        raise UnavailableError(unavailable, detail=f"{address}: {error}") from error


def _require_issuer(document: Mapping[str, Any], issuer: str) -> None:
    if document.get("issuer") != issuer:
        raise ValueError("the issuer there is another")


def _address(
    document: Mapping[str, Any], name: str, schemes: tuple[str, ...], *, needed: bool = True
) -> str:
    found = document.get(name)
    if found is None and not needed:
        return ""
    if not isinstance(found, str) or urlsplit(found).scheme not in schemes:
        raise ValueError(f"{name} is missing or no https address")
    return found


def _auth_method(document: Mapping[str, Any], *, secret: bool) -> str:
    if not secret:
        return "none"  # not all who let such a client in say so
    offered = document.get("token_endpoint_auth_methods_supported")
    # What holds where a provider says nothing of it.
    listed = offered if isinstance(offered, list) else ["client_secret_basic"]
    for each in ("client_secret_basic", "client_secret_post"):
        if each in listed:
            return each
    raise ValueError("it takes a client's secret in no way that is known here")
