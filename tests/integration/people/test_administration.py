"""Roles, deactivation, and the last admin."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from tests.integration.people.conftest import PASSWORD
from workbench.services import accounts
from workbench.services.accounts import Account, authenticate
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.people import administration, invitations, resets
from workbench.store.database import session
from workbench.store.people import AuditEvent, User


def test_a_role_is_changed_and_the_event_says_by_whom(ada: Account, cleo: Account) -> None:
    administration.set_role(cleo.id, ada.id, "reviewer")

    found = authenticate("ada", PASSWORD)
    assert found is not None
    assert found.role == "reviewer"
    event = session().scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert event is not None
    assert (event.action, event.user_id) == ("user.role", cleo.id)
    assert (event.before, event.after) == ({"role": "developer"}, {"role": "reviewer"})
    with pytest.raises(InvalidError):
        administration.set_role(cleo.id, ada.id, "owner")


def test_a_deactivated_account_cannot_sign_in_until_it_is_activated(ada: Account) -> None:
    administration.deactivate(None, ada.id)
    assert authenticate("ada", PASSWORD) is None
    assert administration.people()[0].deactivated_at is not None

    administration.activate(None, ada.id)
    assert authenticate("ada", PASSWORD) == ada


@pytest.mark.parametrize("change", [administration.deactivate, administration.activate])
def test_only_an_account_that_is_there_is_deactivated(
    tables: Flask, change: Callable[[int | None, int], None]
) -> None:
    with pytest.raises(NotFoundError):
        change(None, 999)


def test_the_last_admin_stays(ada: Account, cleo: Account) -> None:
    for change in (
        lambda: administration.set_role(cleo.id, cleo.id, "developer"),
        lambda: administration.deactivate(cleo.id, cleo.id),
        lambda: administration.deactivate(None, cleo.id),
    ):
        with pytest.raises(ConflictError, match="“cleo” is the only admin"):
            change()

    assert authenticate("cleo", PASSWORD) == cleo
    administration.set_role(cleo.id, ada.id, "admin")
    administration.deactivate(ada.id, cleo.id)
    with pytest.raises(ConflictError, match="“ada” is the only admin"):
        administration.set_role(ada.id, ada.id, "annotator")


def test_a_deactivated_admin_is_nobody_who_could_manage_accounts(
    ada: Account, cleo: Account
) -> None:
    administration.set_role(None, ada.id, "admin")
    administration.deactivate(None, ada.id)

    with pytest.raises(ConflictError):
        administration.deactivate(None, cleo.id)


def test_two_admins_who_remove_each_other_at_once_leave_one(app: Flask, cleo: Account) -> None:
    dora = accounts.add_user("dora", PASSWORD, "admin")
    session().rollback()
    together = threading.Barrier(2)
    outcomes: list[str] = []

    def remove(acting: int, other: int) -> None:
        with app.app_context():
            together.wait()
            try:
                administration.deactivate(acting, other)
                outcomes.append("done")
            except ConflictError:
                outcomes.append("refused")

    threads = [
        threading.Thread(target=remove, args=pair)
        for pair in ((cleo.id, dora.id), (dora.id, cleo.id))
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert sorted(outcomes) == ["done", "refused"]
    active = session().scalars(select(User.name).where(User.deactivated_at.is_(None))).all()
    assert len(active) == 1


@pytest.mark.parametrize("end", ["deactivated", "made a reviewer"])
def test_links_of_who_is_no_admin_any_more_lead_nowhere(
    ada: Account, cleo: Account, end: str
) -> None:
    two = accounts.add_user("two", PASSWORD, "admin")
    invited, link = invitations.invite(two.id, "admin"), resets.offer(two.id, ada.id)
    others = invitations.invite(cleo.id, "annotator")

    if end == "deactivated":
        administration.deactivate(cleo.id, two.id)
    else:
        administration.set_role(cleo.id, two.id, "reviewer")

    with pytest.raises(NotFoundError):
        invitations.accept(invited, "two again", PASSWORD)
    with pytest.raises(NotFoundError):
        resets.use(link, PASSWORD)
    assert invitations.role_offered(others) == "annotator"
    revoked = session().scalars(select(AuditEvent).where(AuditEvent.action == "invitation.revoke"))
    assert [each.user_id for each in revoked] == [cleo.id]


def test_a_new_role_of_an_admin_leaves_their_links(ada: Account, cleo: Account) -> None:
    link = resets.offer(cleo.id, ada.id)
    invited = invitations.invite(cleo.id, "annotator")

    administration.set_role(None, cleo.id, "admin")

    assert resets.whose(link) == "ada"
    assert invitations.role_offered(invited) == "annotator"
