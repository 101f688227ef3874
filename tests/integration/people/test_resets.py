"""Forgotten passwords: an admin makes a link, the person chooses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.integration.people.conftest import PASSWORD, Browser, link_on
from workbench.services import accounts, sign_in
from workbench.services.accounts import Account, authenticate
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.people import administration, resets, tokens
from workbench.store.database import now, session, transaction
from workbench.store.people import AuditEvent, PasswordReset

NEW = "another long one"


def test_the_password_holds_until_the_link_is_used_which_ends_all_sessions(
    ada: Account, cleo: Account
) -> None:
    before = sign_in.start(ada.id)
    token = resets.offer(cleo.id, ada.id)
    assert authenticate("ada", PASSWORD) == ada
    assert resets.whose(token) == "ada"

    assert resets.use(token, NEW) == ada

    assert authenticate("ada", PASSWORD) is None
    assert authenticate("ada", NEW) == ada
    assert sign_in.find(before) is None
    with pytest.raises(NotFoundError, match="used before"):
        resets.use(token, PASSWORD)


def test_a_short_password_leaves_the_link(ada: Account, cleo: Account) -> None:
    token = resets.offer(cleo.id, ada.id)

    with pytest.raises(InvalidError):
        resets.use(token, "short")

    assert resets.use(token, NEW) == ada


def test_a_second_link_replaces_the_first(ada: Account, cleo: Account) -> None:
    first, second = (resets.offer(cleo.id, ada.id) for _ in range(2))

    with pytest.raises(NotFoundError):
        resets.use(first, NEW)

    assert resets.use(second, NEW) == ada


def test_a_link_expires_and_a_deactivated_account_has_none(ada: Account, cleo: Account) -> None:
    late = resets.offer(cleo.id, ada.id)
    with transaction() as write:
        write.execute(update(PasswordReset).values(expires_at=now() - timedelta(seconds=1)))
    with pytest.raises(NotFoundError):
        resets.use(late, NEW)

    token = resets.offer(cleo.id, ada.id)
    administration.deactivate(cleo.id, ada.id)
    with pytest.raises(NotFoundError):
        resets.use(token, NEW)
    with pytest.raises(ConflictError, match="Activate the account"):
        resets.offer(cleo.id, ada.id)
    administration.activate(cleo.id, ada.id)
    with pytest.raises(NotFoundError):
        resets.use(token, NEW)


def test_both_steps_are_recorded_without_the_token(ada: Account, cleo: Account) -> None:
    token = resets.offer(cleo.id, ada.id)
    resets.use(token, NEW)

    events = session().scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(2)).all()
    assert [(each.action, each.user_id) for each in events] == [
        ("user.password", ada.id),
        ("user.reset", cleo.id),
    ]
    assert token not in str([each.detail for each in events])


def test_an_admin_manages_accounts_on_the_page(
    browser: Callable[[], Browser], ada: Account, cleo: Account
) -> None:
    admin, adas = browser().sign_in(cleo), browser().sign_in(ada)
    assert adas.get("/account").status_code == 200

    link = link_on(admin.post(f"/people/{ada.id}/reset").text)
    token = link.split("=", 1)[1]
    assert browser().get(link).status_code == 200
    elsewhere = browser()
    assert elsewhere.post("/new-password", token=token, new=NEW, again="x").status_code == 422
    assert elsewhere.post("/new-password", token=token, new=NEW, again=NEW).status_code == 303
    assert elsewhere.get("/account").status_code == 200
    assert adas.get("/account").status_code == 303, "signed out by the new password"

    assert admin.post(f"/people/{ada.id}/role", role="annotator").status_code == 303
    assert elsewhere.post("/c/nowhere/runs").status_code == 403, "from the next request on"
    assert admin.post(f"/people/{ada.id}/role", role="owner").status_code == 422
    assert admin.post(f"/people/{cleo.id}/role", role="annotator").status_code == 409

    assert admin.post(f"/people/{ada.id}/deactivate").status_code == 303
    assert elsewhere.get("/account").status_code == 303, "signed out in mid-session"
    assert "deactivated" in admin.get("/people").text
    assert admin.post(f"/people/{ada.id}/activate").status_code == 303
    assert admin.post("/people/999/activate").status_code == 404
    assert admin.post(f"/people/{cleo.id}/deactivate").status_code == 409


@pytest.mark.parametrize("by", ["themselves", "the command line", "a link"])
def test_a_new_password_ends_all_that_acts_for_the_account(
    ada: Account, cleo: Account, by: str
) -> None:
    key = tokens.make(ada, "nightly", ["read"], 5)
    link = resets.offer(cleo.id, ada.id)

    if by == "themselves":
        accounts.change_password(ada.id, NEW)
    elif by == "the command line":
        accounts.set_password("ada", NEW)
    else:
        resets.use(link, NEW)

    assert tokens.find(key) is None
    assert tokens.tokens_of(ada.id) == ()
    with pytest.raises(NotFoundError):
        resets.use(link, PASSWORD)
    assert authenticate("ada", NEW) == ada


def test_a_new_password_leaves_what_acts_for_others(ada: Account, cleo: Account) -> None:
    key = tokens.make(cleo, "nightly", ["read"], 5)
    link = resets.offer(None, cleo.id)

    accounts.change_password(ada.id, NEW)

    assert tokens.find(key) is not None
    assert resets.whose(link) == "cleo"
