"""One-time links: who comes in by them, and how often."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from tests.integration.people.conftest import PASSWORD, Browser, link_on
from workbench.services import accounts
from workbench.services.accounts import Account, authenticate
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.people import invitations
from workbench.store import database
from workbench.store.database import now, session, transaction
from workbench.store.images import Collection
from workbench.store.people import AuditEvent, CollectionMember, Invitation, User


def number_of_accounts() -> int:
    return session().scalar(select(func.count()).select_from(User)) or 0


def test_a_link_makes_one_account_with_the_role_and_the_collections_of_the_invitation(
    cleo: Account,
) -> None:
    with transaction() as write:
        collections = [Collection(name="one", restricted=True), Collection(name="two")]
        write.add_all(collections)
        write.flush()
        ids = [each.id for each in collections]
    token = invitations.invite(cleo.id, "reviewer", "Dora of the lab", [ids[0]])

    dora = invitations.accept(token, "dora", PASSWORD)

    assert authenticate("dora", PASSWORD) == dora
    assert dora.role == "reviewer"
    members = session().execute(select(CollectionMember.collection_id, CollectionMember.user_id))
    assert members.tuples().all() == [(ids[0], dora.id)]
    (listed,) = invitations.invitations()
    assert (listed.state, listed.account, listed.by) == ("used", "dora", "cleo")
    assert (listed.note, listed.collections) == ("Dora of the lab", ("one",))


def test_a_link_is_used_once(cleo: Account) -> None:
    token = invitations.invite(cleo.id, "annotator")
    invitations.accept(token, "dora", PASSWORD)

    with pytest.raises(NotFoundError, match="used before"):
        invitations.accept(token, "eve", PASSWORD)

    assert not accounts.exists("eve")


def test_of_two_who_use_a_link_at_once_one_gets_in(app: Flask, cleo: Account) -> None:
    token = invitations.invite(cleo.id, "annotator")
    session().rollback()
    together = threading.Barrier(2)
    outcomes: list[str] = []

    def accept(name: str) -> None:
        with app.app_context():
            together.wait()
            try:
                invitations.accept(token, name, PASSWORD)
                outcomes.append("in")
            except NotFoundError:
                outcomes.append("out")

    threads = [threading.Thread(target=accept, args=(name,)) for name in ("dora", "eve")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert sorted(outcomes) == ["in", "out"]
    assert number_of_accounts() == 2


@pytest.mark.parametrize(
    ("name", "password", "error"),
    [
        ("cleo", PASSWORD, ConflictError),
        ("Cleo", PASSWORD, ConflictError),
        ("cl\u00e9o", PASSWORD, None),
        ("\uff43leo", PASSWORD, ConflictError),
        ("cleo\u200b", PASSWORD, InvalidError),
        ("\u202eoelc", PASSWORD, InvalidError),
        ("cle\u200do", PASSWORD, InvalidError),
        ("\u2800", PASSWORD, InvalidError),
        ("", PASSWORD, InvalidError),
        ("dora", "short", InvalidError),
        ("\u0645\u0631\u064a\u0645", PASSWORD, None),
        ("<b>dora</b>", PASSWORD, None),
    ],
)
def test_a_name_that_could_pass_for_another_is_refused_and_the_link_stays(
    cleo: Account, name: str, password: str, error: type[Exception] | None
) -> None:
    token = invitations.invite(cleo.id, "annotator")
    if error is None:
        assert invitations.accept(token, name, password).name == name
        return

    with pytest.raises(error):
        invitations.accept(token, name, password)

    assert number_of_accounts() == 1
    assert invitations.role_offered(token) == "annotator"


def test_a_revoked_or_expired_link_leads_nowhere(cleo: Account) -> None:
    revoked, expired = (invitations.invite(cleo.id, "annotator") for _ in range(2))
    newest, oldest = invitations.invitations()
    invitations.revoke(cleo.id, oldest.id)
    with transaction() as write:
        write.execute(
            update(Invitation)
            .where(Invitation.id == newest.id)
            .values(expires_at=now() - timedelta(seconds=1))
        )

    for token in (revoked, expired, "", "x" * 5000, "a\x00b"):
        with pytest.raises(NotFoundError):
            invitations.accept(token, "dora", PASSWORD)
    assert [each.state for each in invitations.invitations()] == ["expired", "revoked"]
    with pytest.raises(NotFoundError):
        invitations.revoke(cleo.id, 999)


def test_a_clock_that_is_set_back_opens_no_used_or_revoked_link(
    cleo: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, revoked = (invitations.invite(cleo.id, "annotator") for _ in range(2))
    invitations.accept(used, "dora", PASSWORD)
    invitations.revoke(cleo.id, invitations.invitations()[0].id)
    earlier = database.now() - timedelta(days=30)
    monkeypatch.setattr(invitations, "now", lambda: earlier)

    for token in (used, revoked):
        with pytest.raises(NotFoundError):
            invitations.accept(token, "eve", PASSWORD)


def test_a_used_invitation_cannot_be_revoked(cleo: Account) -> None:
    invitations.accept(invitations.invite(cleo.id, "annotator"), "dora", PASSWORD)

    with pytest.raises(ConflictError, match="deactivate the account"):
        invitations.revoke(cleo.id, invitations.invitations()[0].id)


def test_everything_about_an_invitation_is_recorded_but_its_token(cleo: Account) -> None:
    token = invitations.invite(cleo.id, "reviewer")
    other = invitations.invite(cleo.id, "annotator")
    dora = invitations.accept(token, "dora", PASSWORD)
    invitations.revoke(cleo.id, invitations.invitations()[0].id)

    events = session().scalars(select(AuditEvent).order_by(AuditEvent.id)).all()[1:]
    assert [(each.action, each.user_id) for each in events] == [
        ("invitation.make", cleo.id),
        ("invitation.make", cleo.id),
        ("user.add", dora.id),
        ("invitation.revoke", cleo.id),
    ]
    told = str([(each.detail, each.after, each.before) for each in events])
    assert token not in told
    assert other not in told
    stored = session().scalars(select(Invitation)).all()
    assert token not in str([vars(each) for each in stored])


def test_an_admin_s_link_leads_to_a_form_that_signs_the_new_person_in(
    browser: Callable[[], Browser], cleo: Account
) -> None:
    made = browser().sign_in(cleo).post("/people/invitations", role="reviewer", note="<b>Dora</b>")
    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "no-store"
    assert "&lt;b&gt;Dora" in made.text
    link = link_on(made.text)
    dora = browser()
    form = dora.get(link)
    assert form.status_code == 200
    assert form.headers["Referrer-Policy"] == "no-referrer"
    token = link.split("=", 1)[1]

    wrong = dora.post("/join", token=token, name="CLEO", new=PASSWORD, again=PASSWORD)
    assert wrong.status_code == 422
    assert "already exists" in wrong.text
    joined = dora.post("/join", token=token, name="dora <i>", new=PASSWORD, again=PASSWORD)

    assert joined.status_code == 303
    assert "dora &lt;i&gt;" in dora.get("/account").text
    assert dora.get("/people").status_code == 403
    assert browser().get(link).status_code == 404
    again = browser().post("/join", token=token, name="eve", new=PASSWORD, again=PASSWORD)
    assert again.status_code == 404
    listed = browser().sign_in(cleo).get("/people").text
    assert "<b>Dora" not in listed
    assert "used by dora &lt;i&gt;" in listed
