"""Who may come in: names, passwords, roles."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from workbench.config import Settings
from workbench.services import accounts
from workbench.services.accounts import Account, add_user, authenticate, set_password
from workbench.services.errors import ConflictError, InvalidError
from workbench.services.people import administration
from workbench.store.database import session
from workbench.store.people import AuditEvent, User

PASSWORD = "correct horse battery"


def test_name_and_password_together_open_the_door(ada: Account) -> None:
    assert authenticate("ada", PASSWORD) == ada
    assert authenticate(" ada ", PASSWORD) == ada


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ada", "correct horse batterY"),
        ("ada", ""),
        ("ada", PASSWORD + " "),
        ("Ada", PASSWORD),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("ada\x00", PASSWORD),
        ("' or 1=1 --", PASSWORD),
    ],
)
def test_anything_else_does_not(ada: Account, name: str, password: str) -> None:
    assert authenticate(name, password) is None


def test_a_made_up_name_costs_what_a_wrong_password_costs(
    ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[str] = []
    hasher = accounts._hasher()

    class Counting:
        """Passes on, and writes down, every computation of a hash."""

        def __getattr__(self, method: str) -> Callable[..., object]:
            computed.append(method)
            return getattr(hasher, method)

    monkeypatch.setattr(accounts, "_hasher", Counting)
    for name in ("ada", "nobody", "a\x00b", ""):
        computed.clear()
        assert authenticate(name, "wrong") is None
        assert len(computed) == 1, name


def test_a_password_with_something_behind_it_is_another_password(tables: Flask) -> None:
    longest = "x" * accounts.LONGEST_PASSWORD
    add_user("eve", longest, "annotator")

    assert authenticate("eve", longest) is not None
    assert authenticate("eve", longest + "y") is None


def test_the_password_is_nowhere_in_the_database(ada: Account) -> None:
    stored = session().get_one(User, ada.id).password_hash

    assert stored.startswith("$argon2")
    assert PASSWORD not in stored


def test_a_name_is_given_once(ada: Account) -> None:
    with pytest.raises(ConflictError, match="“ada” already exists"):
        add_user(" ada ", PASSWORD, "reviewer")

    assert session().scalar(select(func.count()).select_from(User)) == 1


@pytest.mark.parametrize(
    ("name", "password", "role"),
    [
        ("", PASSWORD, "annotator"),
        ("   ", PASSWORD, "annotator"),
        ("x" * 81, PASSWORD, "annotator"),
        ("a\x00b", PASSWORD, "annotator"),
        ("a\nb", PASSWORD, "annotator"),
        ("eve", "x" * 9, "annotator"),
        ("eve", "x" * 201, "annotator"),
        ("eve", PASSWORD, "owner"),
        ("eve", PASSWORD, ""),
    ],
)
def test_an_account_that_makes_no_sense_is_not_made(
    tables: Flask, name: str, password: str, role: str
) -> None:
    with pytest.raises(InvalidError):
        add_user(name, password, role)

    assert session().scalar(select(func.count()).select_from(User)) == 0


def test_a_new_password_replaces_the_old(ada: Account, ben: Account) -> None:
    set_password("ada", "another long one")

    changed = authenticate("ada", "another long one")
    assert changed is not None
    assert (changed.id, changed.name, changed.role) == (ada.id, ada.name, ada.role)
    assert authenticate("ada", PASSWORD) is None
    assert authenticate("ben", PASSWORD) == ben


def test_a_short_password_leaves_the_old(ada: Account) -> None:
    with pytest.raises(InvalidError, match="10 to 200 characters"):
        set_password("ada", "short")

    assert authenticate("ada", PASSWORD) == ada


def test_nobody_gets_a_password_by_a_wrong_name(tables: Flask) -> None:
    with pytest.raises(InvalidError, match="“nobody” not found"):
        set_password("nobody", PASSWORD)


def test_a_one_time_password_makes_the_account_and_each_next_one_changes_it(tables: Flask) -> None:
    first = accounts.one_time_password("demo")
    second = accounts.one_time_password("demo")

    assert first != second
    assert authenticate("demo", first) is None
    found = authenticate("demo", second)
    assert found is not None
    assert found.role == "admin"
    assert session().scalar(select(func.count()).select_from(User)) == 1


def test_a_one_time_password_lets_an_account_of_earlier_in_as_an_admin(ada: Account) -> None:
    administration.deactivate(None, ada.id)

    password = accounts.one_time_password("ada")

    found = authenticate("ada", password)
    assert found is not None
    assert (found.id, found.role) == (ada.id, "admin")


def test_making_and_changing_an_account_leave_events_without_the_password(ada: Account) -> None:
    set_password("ada", "another long one")

    events = session().scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [(each.action, each.subject) for each in events] == [
        ("user.add", f"user:{ada.id}"),
        ("user.password", f"user:{ada.id}"),
    ]
    assert all(each.detail == {} for each in events)


def test_a_secret_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(ValueError, match="32 characters"):
        Settings(secret_key="x")
