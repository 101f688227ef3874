"""A provider of OpenID Connect in a process of its own, by Authlib's server, with real signatures.

`python -m tests.support.identity_provider PORT` serves it; whoever visits its page signs in as
whom they like. Tests make it misbehave by `POST /behaviour` (see `Behaviour`).
"""

from __future__ import annotations

import hmac
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import httpx2
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from flask import Flask, Response, jsonify, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from joserfc.util import urlsafe_b64encode
from werkzeug.serving import make_server

from tests.support.patience import PATIENCE_S
from tests.support.server import ROOT, free_port

CLIENT = "pattern-workbench"
HEAD = "<!doctype html><html lang=en><link rel=icon href=data:,>"
SECRET = "what only the workbench and its provider know"


@dataclass
class Behaviour:
    """What the provider does otherwise than a right one."""

    claims: dict[str, Any] = field(default_factory=dict)
    """In place of an ID token's own; null takes one away."""
    moments: dict[str, int] = field(default_factory=dict)
    """The same for claims that are moments: seconds from now."""
    sign: str = "RS256"
    """`none`, `HS256` (the public key is its secret), or `unknown` (with a key of nobody's)."""
    described: dict[str, Any] = field(default_factory=dict)
    """In place of what it says of itself; null takes it away."""
    body: str | None = None
    """The whole of what it says of itself."""
    delays: dict[str, float] = field(default_factory=dict)
    """Seconds that it waits for, by path."""
    statuses: dict[str, int] = field(default_factory=dict)
    """What it answers, by path."""
    forgiving: bool = False
    """It takes a code as often as it is sent."""


@dataclass
class Code(AuthorizationCodeMixin):
    """A code that was given out."""

    code: str
    redirect_uri: str
    scope: str
    subject: str
    nonce: str | None
    code_challenge: str | None
    code_challenge_method: str | None

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


class Client(ClientMixin):
    """The workbench, at whatever port."""

    id_token_signed_response_alg = "RS256"

    def get_client_id(self) -> str:
        return CLIENT

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri.endswith("/login/provider/callback")

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class State:
    """All that the provider knows."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.behaviour = Behaviour()
        self.codes: dict[str, Code] = {}
        self.asked: dict[str, int] = {}
        self.key = RSAKey.generate_key(2048, auto_kid=True)

    def id_token(self, claims: dict[str, Any]) -> str:
        moments = {name: claims["iat"] + each for name, each in self.behaviour.moments.items()}
        changed = {**claims, **moments, **self.behaviour.claims}
        said = {name: value for name, value in changed.items() if value is not None}
        sign, kid = self.behaviour.sign, self.key.kid
        if sign == "none":
            return jwt.encode({"alg": "none"}, said, None, ["none"])
        if sign == "HS256":
            # By hand: no library signs with a public key for a secret.
            parts = [json.dumps(each).encode() for each in ({"alg": "HS256", "kid": kid}, said)]
            signed = b".".join(urlsafe_b64encode(each) for each in parts)
            public = self.key.as_pem(private=False)
            digest = hmac.digest(public, signed, "sha256")
            return (signed + b"." + urlsafe_b64encode(digest)).decode()
        key = RSAKey.generate_key(2048, auto_kid=True) if sign == "unknown" else self.key
        return jwt.encode({"alg": "RS256", "kid": key.kid}, said, key, ["RS256"])


def make_provider(issuer: str) -> Flask:
    """The provider's application."""
    app, state = Flask("provider"), State(issuer)
    add_control(app, state)
    add_description(app, state)
    add_sign_in(app, make_server_of(app, state))
    return app


def make_server_of(app: Flask, state: State) -> AuthorizationServer:
    """What checks clients, codes, PKCE, and gives ID tokens out."""
    server = AuthorizationServer(app, lambda _id: Client(), lambda _token, _request: None)

    class CodeGrant(grants.AuthorizationCodeGrant):
        def save_authorization_code(self, code: str, request: Any) -> None:
            asked = request.payload.data
            state.codes[code] = Code(
                code,
                asked["redirect_uri"],
                asked["scope"],
                request.user,
                asked.get("nonce"),
                asked.get("code_challenge"),
                asked.get("code_challenge_method"),
            )

        def query_authorization_code(self, code: str, client: Client) -> Code | None:
            return state.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            if not state.behaviour.forgiving:
                del state.codes[authorization_code.code]

        def authenticate_user(self, authorization_code: Code) -> str:
            return authorization_code.subject

    class IDTokens(OpenIDCode):
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return False

        def encode_id_token(self, token: Any, request: Any) -> str:
            moment = int(time.time())
            return state.id_token(
                {
                    "iss": state.issuer,
                    "aud": CLIENT,
                    "sub": request.user,
                    "iat": moment,
                    "exp": moment + 300,
                    "preferred_username": request.user,
                    **self.get_authorization_code_claims(request.authorization_code),
                }
            )

    server.register_grant(CodeGrant, [IDTokens(require_nonce=True), CodeChallenge(required=True)])
    return server


def add_control(app: Flask, state: State) -> None:
    """What tests make it misbehave by."""

    @app.before_request
    def _misbehave() -> Response | None:
        state.asked[request.path] = state.asked.get(request.path, 0) + 1
        time.sleep(state.behaviour.delays.get(request.path, 0))
        status = state.behaviour.statuses.get(request.path)
        return None if status is None else Response("out of order", status)

    @app.post("/behaviour")
    def behave() -> Response:
        state.behaviour = Behaviour(**request.get_json())
        return jsonify({})

    @app.post("/rotate")
    def rotate() -> Response:
        state.key = RSAKey.generate_key(2048, auto_kid=True)
        return jsonify({})

    @app.get("/asked")
    def asked() -> Response:
        return jsonify(state.asked)


def add_description(app: Flask, state: State) -> None:
    """What it says of itself."""
    issuer = state.issuer

    @app.get("/.well-known/openid-configuration")
    def described() -> Response:
        if state.behaviour.body is not None:
            return Response(state.behaviour.body, mimetype="application/json")
        said = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys",
            "end_session_endpoint": f"{issuer}/end",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            **state.behaviour.described,
        }
        return jsonify({name: value for name, value in said.items() if value is not None})

    @app.get("/keys")
    def keys() -> Response:
        return jsonify({"keys": [state.key.as_dict(private=False, use="sig")]})


def add_sign_in(app: Flask, server: AuthorizationServer) -> None:
    """What people and the workbench come to."""

    @app.get("/authorize")
    def ask() -> str:
        server.get_consent_grant(end_user="somebody")
        return (
            f"{HEAD}<title>Provider</title><h1>Provider</h1>"
            "<form method=post><label>Subject <input name=subject></label>"
            "<button>Continue</button><button name=denied value=1>Deny</button></form></html>"
        )

    @app.post("/authorize")
    def authorize() -> Any:
        user = None if "denied" in request.form else request.form["subject"]
        grant = server.get_consent_grant(end_user=user or "somebody")
        return server.create_authorization_response(grant_user=user, grant=grant)

    @app.post("/token")
    def token() -> Any:
        return server.create_token_response()

    @app.get("/end")
    def end() -> str:
        return f"{HEAD}<title>Ended</title><p>{request.args['client_id']}"


class IdentityProvider:
    """A running one, for a test."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    def behave(self, **otherwise: Any) -> None:
        """Behave otherwise from now on; without arguments as it should."""
        assert set(otherwise) <= {each.name for each in fields(Behaviour)}
        self._post("behaviour", asdict(Behaviour(**otherwise)))

    def rotate(self) -> None:
        """Sign with a new key; the old one is gone."""
        self._post("rotate", {})

    def asked(self, path: str) -> int:
        """How often something was asked for."""
        return int(httpx2.get(f"{self.issuer}/asked").json().get(path, 0))

    def sign_in(self, address: str, subject: str | None) -> str:
        """Sign in at the page that the workbench sends its people to; where they are sent back to.

        `subject` is None for who declines.
        """
        fields = {"denied": "1"} if subject is None else {"subject": subject}
        answer = httpx2.post(address, data=fields)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def _post(self, path: str, said: dict[str, Any]) -> None:
        httpx2.post(f"{self.issuer}/{path}", json=said).raise_for_status()


@contextmanager
def running_provider() -> Iterator[IdentityProvider]:
    """A provider on a free port, for as long as the block runs."""
    port = free_port()
    provider = IdentityProvider(f"http://127.0.0.1:{port}")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.identity_provider", str(port)],
        cwd=ROOT,
        env={**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"},
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(provider, process)
        yield provider
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _wait(provider: IdentityProvider, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        assert process.poll() is None, "the provider did not start"
        try:
            return provider.behave()
        except httpx2.TransportError:
            time.sleep(0.1)
    raise AssertionError("the provider did not start in time")


if __name__ == "__main__":
    number = int(sys.argv[1])
    served = make_provider(f"http://127.0.0.1:{number}")
    make_server("127.0.0.1", number, served, threaded=True).serve_forever()
