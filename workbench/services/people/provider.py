"""The identity provider that people can sign in by: OpenID Connect, by Authlib (ADR 66)."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from flask_babel import gettext
from joserfc.jwk import KeySet

from workbench.config import Settings
from workbench.services.accounts import LONGEST_NAME
from workbench.services.app_settings import settings
from workbench.services.errors import BusyError, NotFoundError, UnavailableError
from workbench.services.people import discovery, fetching, id_tokens
from workbench.services.people.discovery import Description
from workbench.services.people.id_tokens import Claims, RefusedTokenError, UnknownKeyError

log = structlog.get_logger()

KEPT_FOR: Final = 3600.0
"""Seconds that a description and keys are used before they are read again."""
ASKED_AGAIN_AFTER: Final = 10.0
"""Seconds that a provider that did not answer is left alone."""
AT_ONCE: Final = 3
"""So many requests at a time wait for the provider: pages need the server's other threads."""
PATIENCE: Final = 2.0
"""Seconds that one waits for a turn."""
KEYS_READ_AGAIN: Final = 5
"""So often in a minute, at most, for a key that is not known."""


@dataclass(frozen=True)
class Proven:
    """Somebody as the provider knows them. Who they are is `issuer` and `subject` alone."""

    issuer: str
    subject: str
    name: str = ""
    """Proposed as a user name; empty where nothing can be."""


class Provider:
    """The provider of some settings, with what is known of it."""

    def __init__(self, given: Settings) -> None:
        self.issuer = given.oidc_issuer
        self.name = given.oidc_name or urlsplit(given.oidc_issuer).netloc
        self._given = given
        self._reading = threading.Lock()
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._description: Description | None = None
        self._keys: KeySet | None = None
        self._read_at = self._failed_at = -KEPT_FOR
        self._keys_read: deque[float] = deque(maxlen=KEYS_READ_AGAIN)

    def authorization_url(
        self, *, back: str, state: str, nonce: str, verifier: str, again: bool
    ) -> str:
        """Where somebody goes to sign in, and comes back from to the address `back`.

        `again`: also where the provider knows them from before. Raises UnavailableError.
        """
        asked = {"prompt": "login"} if again else {}
        with self._client("none") as client:
            url, _state = client.create_authorization_url(
                self._known().authorization_endpoint,
                redirect_uri=back,
                state=state,
                nonce=nonce,
                code_verifier=verifier,
                **asked,
            )
        return str(url)

    def prove(self, code: str, *, back: str, nonce: str, verifier: str) -> Proven:
        """Who it is that came back with this code.

        Raises RefusedTokenError for what the provider or the checks of its answer do not accept,
        UnavailableError where it does not answer.
        """
        with self._turn(self._turns):
            token = self._exchanged(code, back, verifier)
            try:
                claims = self._checked(token, nonce)
            except RefusedTokenError as error:
                log.warning("a sign-in was refused", issuer=self.issuer, why=error.why)
                raise
        return Proven(self.issuer, claims["sub"], _proposed(claims, self._given.oidc_name_claim))

    def end_session_url(self, back: str) -> str | None:
        """Where somebody ends the session at the provider, and comes back from, if anywhere."""
        try:
            address = self._known().end_session_endpoint
        except UnavailableError:
            return None
        if not address:
            return None
        asked = {"client_id": self._given.oidc_client_id, "post_logout_redirect_uri": back}
        return str(httpx2.URL(address).copy_merge_params(asked))

    def _client(self, method: str) -> OAuth2Client:
        return OAuth2Client(
            client_id=self._given.oidc_client_id,
            client_secret=None if method == "none" else _secret(self._given),
            token_endpoint_auth_method=method,
            scope=self._given.oidc_scopes,
            code_challenge_method="S256",
            **fetching.options(),
        )

    def _exchanged(self, code: str, back: str, verifier: str) -> Mapping[str, Any]:
        known = self._known()
        try:
            with self._client(known.auth_method) as client:
                token: Mapping[str, Any] = client.fetch_token(
                    known.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    redirect_uri=back,
                    code_verifier=verifier,
                )
        except OAuthError as error:
            log.warning("a code was refused", issuer=self.issuer, why=str(error.error)[:80])
            raise RefusedTokenError(self._refused(), "code") from error
        except (httpx2.HTTPError, ValueError, TypeError, RecursionError) as error:
            raise self._unavailable(f"{known.token_endpoint}: {type(error).__name__}") from error
        return token

    def _checked(self, token: Mapping[str, Any], nonce: str) -> Claims:
        expected = {"issuer": self.issuer, "client_id": self._given.oidc_client_id, "nonce": nonce}
        keys = self._known_keys()
        try:
            return id_tokens.checked(token, keys, refused=self._refused(), **expected)
        except UnknownKeyError:
            if not self._read_keys_again(keys):
                raise
        return id_tokens.checked(token, self._known_keys(), refused=self._refused(), **expected)

    @contextmanager
    def _turn(self, taken: threading.Lock | threading.Semaphore) -> Iterator[None]:
        """Wait a little for a turn, and take it. Raises BusyError."""
        if not taken.acquire(timeout=PATIENCE):
            raise BusyError(gettext("Too many people are signing in. Try again in a moment."))
        try:
            yield
        finally:
            taken.release()

    def _known(self) -> Description:
        with self._turn(self._reading):
            moment = time.monotonic()
            if self._description is not None and moment - self._read_at < KEPT_FOR:
                return self._description
            if moment - self._failed_at < ASKED_AGAIN_AFTER:
                raise self._unavailable()
            try:
                self._description = discovery.read(
                    self.issuer, self._cannot_be_reached(), secret=bool(_secret(self._given))
                )
                self._keys = None
            except UnavailableError:
                self._failed_at = time.monotonic()
                raise
            self._read_at = time.monotonic()
            return self._description

    def _known_keys(self) -> KeySet:
        address = self._known().jwks_uri
        with self._turn(self._reading):
            if self._keys is None:
                self._keys = self._read_keys(address)
            return self._keys

    def _read_keys_again(self, known: KeySet) -> bool:
        """Read the keys once more, unless that was done too often lately; whether they were."""
        address = self._known().jwks_uri
        with self._turn(self._reading):
            if self._keys is not known:
                return True  # somebody else's try has read them
            moment = time.monotonic()
            if len(self._keys_read) == KEYS_READ_AGAIN and moment - self._keys_read[0] < 60:
                return False
            self._keys_read.append(moment)
            self._keys = self._read_keys(address)
            return True

    def _read_keys(self, address: str) -> KeySet:
        try:
            return id_tokens.key_set(fetching.fetch(address, self._cannot_be_reached()))
        except ValueError as error:
            raise self._unavailable(f"{address}: {error}") from error

    def _cannot_be_reached(self) -> str:
        return gettext(
            "%(provider)s does not answer as it should. Try again in a moment, or sign in with "
            "your password.",
            provider=self.name,
        )

    def _unavailable(self, detail: str = "") -> UnavailableError:
        return UnavailableError(self._cannot_be_reached(), detail=detail)

    def _refused(self) -> str:
        return gettext("Signing in with %(provider)s failed. Try again.", provider=self.name)


def configured() -> Provider | None:
    """The provider of this installation, if it has one."""
    given = settings()
    return _of(given) if given.oidc_issuer else None


def required() -> Provider:
    """The same. Raises NotFoundError where there is none."""
    found = configured()
    if found is None:
        raise NotFoundError(gettext("Not found"))
    return found


@lru_cache(maxsize=4)
def _of(given: Settings) -> Provider:
    return Provider(given)


def _secret(given: Settings) -> str:
    """The client's secret; empty for a client that has none. Raises UnavailableError."""
    path = given.oidc_client_secret_file
    if path is None:
        return given.oidc_client_secret.get_secret_value()
    try:
        return path.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise UnavailableError(
            gettext("The workbench cannot read its own secret for the provider. Tell an admin."),
            detail=f"{path}: {type(error).__name__}",
        ) from error


def _proposed(claims: Claims, claim: str) -> str:
    """A user name by what the provider says; an address only where it has been verified."""
    if claim == "email" and claims.get("email_verified") is not True:
        return ""
    found = claims.get(claim)
    return found[:LONGEST_NAME] if isinstance(found, str) and found.isprintable() else ""
