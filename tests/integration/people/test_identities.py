"""Accounts that are made by, linked to and unlinked from the identity provider."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.integration.people.conftest import PASSWORD, Browser, path_of, use_provider
from tests.support.at_once import at_once
from tests.support.identity_provider import IdentityProvider
from workbench.services import accounts
from workbench.services.accounts import Account
from workbench.services.errors import ConflictError
from workbench.services.people import identities, invitations
from workbench.services.people.provider import Proven
from workbench.store.database import now, session, transaction
from workbench.store.images import Collection
from workbench.store.people import AuditEvent, CollectionMember, Identity, Invitation, User

START = "/login/provider"
Browsers = Callable[[], Browser]


def bound() -> set[tuple[int, str]]:
    rows = session().execute(select(Identity.user_id, Identity.subject)).tuples()
    return set(rows)


def join(here: Browser, provider: IdentityProvider, token: str, subject: str) -> None:
    """Come back from the provider to the choice of a name."""
    back = here.by(provider, subject, f"/join/provider?token={token}")
    assert (back.status_code, back.location) == (303, "/join/name")


def link(here: Browser, provider: IdentityProvider, subject: str) -> str:
    """Go to the provider to link the account; the way back."""
    page = here.post("/account/provider", current=PASSWORD)
    assert page.status_code == 200
    url = page.text.split('content="0; url=')[1].split('"')[0].replace("&amp;", "&")
    return path_of(provider.sign_in(url, subject))


def test_an_invitation_and_the_provider_make_an_account_that_signs_in_by_it(
    browser: Browsers, provider: IdentityProvider, cleo: Account
) -> None:
    with transaction() as write:
        collection = Collection(name="one", restricted=True)
        write.add(collection)
        write.flush()
        collection_id = collection.id
    token = invitations.invite(cleo.id, "reviewer", "Dora", [collection_id])
    here = browser()
    assert "Join with Example ID" in here.get(f"/join?token={token}").text

    join(here, provider, token, "dora")
    form = here.get("/join/name")
    assert 'value="dora"' in form.text
    made = here.post("/join/name", name="Dora")

    assert made.status_code == 303
    assert here.is_in
    dora = session().scalars(select(User).where(User.name == "Dora")).one()
    assert (dora.role, dora.password_hash) == ("reviewer", "")
    assert bound() == {(dora.id, "dora")}
    members = session().execute(select(CollectionMember.collection_id, CollectionMember.user_id))
    assert members.tuples().all() == [(collection_id, dora.id)]
    assert invitations.invitations()[0].account == "Dora"
    assert browser().by(provider, "dora", START).status_code == 303
    actions = session().scalars(select(AuditEvent.action).where(AuditEvent.user_id == dora.id))
    assert list(actions)[:3] == ["user.add", "identity.link", "session.start"]
    details = session().scalars(select(AuditEvent.detail))
    assert "dora" not in str(list(details)), "an event outlives what is unlinked"


def test_a_name_that_is_taken_is_asked_for_again(
    browser: Browsers, provider: IdentityProvider, cleo: Account
) -> None:
    token = invitations.invite(cleo.id, "annotator")
    here = browser()
    join(here, provider, token, "cleo")

    for name in ("cleo", "CLEO", "", "x" * 81, "a\u202eb"):
        assert here.post("/join/name", name=name).status_code == 422
    assert bound() == set()

    assert here.post("/join/name", name="cleo of the lab").status_code == 303


@pytest.mark.parametrize("verified", [False, None, "true", True])
def test_an_address_is_proposed_as_a_name_where_it_is_verified_alone(
    tables: Flask, browser: Browsers, provider: IdentityProvider, cleo: Account, verified: object
) -> None:
    use_provider(tables, provider.issuer, oidc_name_claim="email")
    provider.behave(claims={"email": "dora@example.org", "email_verified": verified})
    here = browser()
    join(here, provider, invitations.invite(cleo.id, "annotator"), "dora")

    proposed = 'value="dora@example.org"' in here.get("/join/name").text

    assert proposed is (verified is True)


@pytest.mark.parametrize("how", ["used", "expired", "revoked", "never made"])
def test_an_invitation_that_leads_nowhere_lets_nobody_in(
    browser: Browsers, provider: IdentityProvider, cleo: Account, how: str
) -> None:
    token = invitations.invite(cleo.id, "annotator")
    here, late = browser(), browser()
    join(here, provider, token, "dora")
    late_back = late.through(provider, "eve", f"/join/provider?token={token}")
    if how == "used":
        invitations.accept(token, "frida", PASSWORD)
    elif how == "never made":
        token = "x" * 43
    else:
        column = {"expired": "expires_at", "revoked": "revoked_at"}[how]
        with transaction() as write:
            write.execute(update(Invitation).values({column: now()}))

    assert browser().get(f"/join/provider?token={token}").status_code == 404
    if how != "never made":
        assert here.get("/join/name").status_code == 404
        assert here.post("/join/name", name="dora").status_code == 404
        assert late.get(late_back).status_code == 404
    assert bound() == set()
    assert not accounts.exists("dora")


def test_who_has_an_account_makes_no_second_one(
    browser: Browsers, provider: IdentityProvider, cleo: Account, ada: Account
) -> None:
    identities.link(ada.id, Proven(provider.issuer, "ada-1"))
    token = invitations.invite(cleo.id, "admin")

    back = browser().by(provider, "ada-1", f"/join/provider?token={token}")

    assert back.status_code == 409
    assert invitations.role_offered(token) == "admin"
    with pytest.raises(ConflictError):
        identities.join(token, "ada two", Proven(provider.issuer, "ada-1"))
    assert not accounts.exists("ada two")
    assert invitations.role_offered(token) == "admin"


def test_nobody_chooses_a_name_who_has_not_come_from_the_provider(
    browser: Browsers, provider: IdentityProvider
) -> None:
    here = browser()

    assert here.get("/join/name").status_code == 404
    assert here.post("/join/name", name="eve").status_code == 404


def test_an_account_is_linked_after_its_password_was_given_again(
    browser: Browsers, provider: IdentityProvider, ada: Account
) -> None:
    here = browser().sign_in(ada)
    assert "Link to Example ID" in here.get("/account").text

    assert here.post("/account/provider", current="wrong").status_code == 422
    assert here.post("/account/provider", current="").status_code == 422
    back = here.get(link(here, provider, "ada-1"))

    assert (back.status_code, back.location) == (303, "/account")
    assert bound() == {(ada.id, "ada-1")}
    assert "Linked since" in here.get("/account").text
    assert browser().by(provider, "ada-1", START).status_code == 303


def test_somebody_elses_sign_in_is_not_linked(
    browser: Browsers, provider: IdentityProvider, ada: Account, ben: Account
) -> None:
    identities.link(ben.id, Proven(provider.issuer, "ben-1"))
    here = browser().sign_in(ada)

    back = here.get(link(here, provider, "ben-1"))

    assert back.status_code == 409
    assert bound() == {(ben.id, "ben-1")}


def test_an_account_is_one_person_there(
    browser: Browsers, provider: IdentityProvider, ada: Account
) -> None:
    identities.link(ada.id, Proven(provider.issuer, "ada-1"))
    here = browser().sign_in(ada)

    assert here.get(link(here, provider, "ada-2")).status_code == 409
    assert here.get(link(here, provider, "ada-1")).status_code == 303
    assert bound() == {(ada.id, "ada-1")}


def test_a_way_to_link_ends_with_the_session_that_began_it(
    browser: Browsers, provider: IdentityProvider, ada: Account, ben: Account
) -> None:
    here = browser().sign_in(ada)
    path = link(here, provider, "mallory")
    with here.client.session_transaction() as kept:
        kept.pop("_user_id")
    here.sign_in(ben)

    assert here.get(path).status_code == 403
    assert bound() == set()


def test_an_account_is_unlinked_where_a_password_is_left(
    browser: Browsers, provider: IdentityProvider, ada: Account
) -> None:
    identities.link(ada.id, Proven(provider.issuer, "ada-1"))
    here, there = browser(), browser()
    here.by(provider, "ada-1", START)
    there.by(provider, "ada-1", START)
    with transaction() as write:
        known = write.scalar(select(User.password_hash).where(User.id == ada.id))
        write.execute(update(User).values(password_hash=accounts.NO_PASSWORD))
    assert here.post("/account/provider/unlink").status_code == 409
    assert bound() == {(ada.id, "ada-1")}
    with transaction() as write:
        write.execute(update(User).values(password_hash=known))

    assert here.post("/account/provider/unlink").status_code == 303

    assert bound() == set()
    assert here.is_in
    assert not there.is_in
    assert here.post("/account/provider/unlink").status_code == 404
    assert browser().by(provider, "ada-1", START).status_code == 403


def test_an_admin_unlinks_anybody_which_ends_what_they_were_signed_in_with(
    browser: Browsers, provider: IdentityProvider, cleo: Account, ada: Account
) -> None:
    identities.link(ada.id, Proven(provider.issuer, "ada-1"))
    here, admin = browser(), browser().sign_in(cleo)
    here.by(provider, "ada-1", START)
    assert "signs in with Example ID" in admin.get("/people").text

    assert admin.post(f"/people/{ada.id}/unlink").status_code == 303

    assert bound() == set()
    assert not here.is_in
    assert "signs in with Example ID" not in admin.get("/people").text
    event = session().scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert event is not None
    assert (event.action, event.user_id) == ("identity.unlink", cleo.id)
    assert event.subject == f"user:{ada.id}"
    assert admin.post(f"/people/{ada.id}/unlink").status_code == 404


def test_an_admin_does_not_lock_themselves_out(
    browser: Browsers, provider: IdentityProvider, cleo: Account
) -> None:
    identities.link(cleo.id, Proven(provider.issuer, "cleo-1"))
    with transaction() as write:
        write.execute(update(User).values(password_hash=accounts.NO_PASSWORD))
    here = browser().sign_in(cleo)

    refused = here.post(f"/people/{cleo.id}/unlink")

    assert refused.status_code == 409
    assert "Set a password first" in refused.text
    assert bound() == {(cleo.id, "cleo-1")}
    assert here.is_in


def test_of_two_who_are_linked_to_one_person_at_once_one_is(
    app: Flask, provider: IdentityProvider, ada: Account, ben: Account
) -> None:
    proven = Proven(provider.issuer, "one")

    outcomes = at_once(
        app, *(lambda each=each: identities.link(each.id, proven) for each in (ada, ben))
    )

    assert sorted(type(each).__name__ for each in outcomes) == ["ConflictError", "NoneType"]
    assert len(bound()) == 1
