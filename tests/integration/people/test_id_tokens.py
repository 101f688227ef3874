"""ID tokens of a real provider that lies, or is imitated."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from tests.integration.people.conftest import Browser
from tests.support.identity_provider import CLIENT, IdentityProvider
from workbench.services.accounts import Account
from workbench.services.people import identities
from workbench.services.people.provider import KEYS_READ_AGAIN, Proven
from workbench.store.database import session
from workbench.store.people import SignInSession

START = "/login/provider"
Browsers = Callable[[], Browser]


@pytest.fixture(autouse=True)
def linked(ada: Account, provider: IdentityProvider) -> Account:
    """Ada's account, which the provider knows as ada-1."""
    identities.link(ada.id, Proven(provider.issuer, "ada-1"))
    return ada


def sessions() -> int:
    return session().scalar(select(func.count()).select_from(SignInSession)) or 0


@pytest.mark.parametrize(
    "behaviour",
    [
        {"claims": {"nonce": "another"}},
        {"claims": {"nonce": None}},
        {"claims": {"aud": "another client"}},
        {"claims": {"aud": ["another client"]}},
        {"claims": {"aud": "another client", "azp": CLIENT}},
        {"claims": {"aud": [CLIENT, "another client"]}},
        {"claims": {"aud": None}},
        {"claims": {"azp": "another client"}},
        {"claims": {"iss": "https://other.example.org"}},
        {"claims": {"iss": None}},
        {"moments": {"exp": -120}},
        {"claims": {"exp": None}},
        {"claims": {"exp": "tomorrow"}},
        {"moments": {"nbf": 86_400}},
        {"moments": {"iat": 86_400}},
        {"claims": {"iat": None}},
        {"claims": {"sub": None}},
        {"claims": {"sub": 7}},
        {"claims": {"sub": ["ada-1"]}},
        {"claims": {"sub": ""}},
        {"claims": {"sub": "x" * 256}},
        {"claims": {"sub": "ada-1\x00"}},
        {"claims": {"at_hash": "of another access token"}},
        {"sign": "none"},
        {"sign": "HS256"},
        {"sign": "unknown"},
    ],
    ids=str,
)
def test_what_is_not_said_by_the_provider_to_us_now_signs_nobody_in(
    browser: Browsers, provider: IdentityProvider, behaviour: dict[str, object]
) -> None:
    provider.behave(**behaviour)

    back = browser().by(provider, "ada-1", START)

    assert back.status_code == 403
    assert "Signing in with Example ID failed." in back.text
    assert sessions() == 0


@pytest.mark.parametrize(
    "behaviour",
    [
        {"moments": {"exp": 5}},
        {"moments": {"exp": -20}},  # clocks may differ by a little
        {"claims": {"aud": [CLIENT]}},
        {"claims": {"aud": [CLIENT, "another client"], "azp": CLIENT}},
        {"claims": {"preferred_username": None}},
    ],
    ids=str,
)
def test_what_the_standard_allows_signs_in(
    browser: Browsers, provider: IdentityProvider, behaviour: dict[str, object]
) -> None:
    provider.behave(**behaviour)

    assert browser().by(provider, "ada-1", START).status_code == 303


def test_a_new_key_of_the_provider_is_read_once(
    browser: Browsers, provider: IdentityProvider
) -> None:
    before = provider.asked("/keys")
    assert browser().by(provider, "ada-1", START).status_code == 303
    assert browser().by(provider, "ada-1", START).status_code == 303
    assert provider.asked("/keys") - before == 1

    provider.rotate()

    assert browser().by(provider, "ada-1", START).status_code == 303
    assert browser().by(provider, "ada-1", START).status_code == 303
    assert provider.asked("/keys") - before == 2


def test_unknown_keys_do_not_let_the_provider_be_asked_without_end(
    browser: Browsers, provider: IdentityProvider
) -> None:
    before = provider.asked("/keys")
    provider.behave(sign="unknown")

    for _ in range(KEYS_READ_AGAIN + 3):
        assert browser().by(provider, "ada-1", START).status_code == 403

    assert provider.asked("/keys") - before == KEYS_READ_AGAIN + 1


def test_a_code_that_is_taken_twice_by_a_careless_provider_is_still_one_sign_in(
    browser: Browsers, provider: IdentityProvider
) -> None:
    provider.behave(forgiving=True)
    here = browser()
    path = here.through(provider, "ada-1", START)
    assert here.get(path).status_code == 303

    assert here.get(path).status_code == 400
    assert browser().get(path).status_code == 400
    assert sessions() == 1
