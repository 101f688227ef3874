"""Who comes in, what they see and what their scripts may do, from the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import structlog
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select

from tests.support.rows import fill_every_table
from workbench.app import create_app
from workbench.cli import main
from workbench.config import Settings
from workbench.services import accounts
from workbench.services.people import invitations, membership, resets, tokens
from workbench.store import migrating
from workbench.store.database import db, session
from workbench.store.people import AuditEvent

PASSWORD = "correct horse battery"


@pytest.fixture
def database_kind() -> str:
    """What commands ask of services is tested with these; here one database is enough."""
    return "sqlite"


@pytest.fixture
def installation(settings: Settings) -> Iterator[Flask]:
    """A workbench with a collection `pictures`, an annotator, and an admin."""
    app = create_app(settings)
    with app.app_context():
        migrating.upgrade(db.engine)
        fill_every_table()
        accounts.add_user("eve", PASSWORD, "annotator")
        yield app
        db.engine.dispose()
    structlog.reset_defaults()


def user(settings: Settings, *command: str) -> Result:
    session().rollback()
    runner = CliRunner(
        env={
            "WORKBENCH_DATA_DIR": str(settings.data_dir),
            "WORKBENCH_DATABASE_URL": settings.database_url.get_secret_value(),
        }
    )
    return runner.invoke(main, ["user", *command])


def token_of(printed: str) -> str:
    return printed.strip().partition("token=")[2]


def newest_event() -> AuditEvent:
    found = session().scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert found is not None
    return found


def test_an_invitation_is_printed_listed_and_revoked(
    installation: Flask, settings: Settings
) -> None:
    printed = user(
        settings,
        *("invite", "--role", "reviewer", "--note", "Dora", "--collection", "pictures"),
        *("--url", "https://workbench.example.org/"),
    ).stdout

    assert printed.startswith("https://workbench.example.org/join?token=")
    assert invitations.role_offered(token_of(printed)) == "reviewer"
    assert (newest_event().action, newest_event().user_id) == ("invitation.make", None)
    [listed, _earlier] = json.loads(user(settings, "invitations", "--json").stdout)["invitations"]
    assert (listed["note"], listed["collections"]) == ("Dora", ["pictures"])
    assert "Dora" in user(settings, "invitations").stdout
    assert user(settings, "revoke-invitation", str(listed["id"])).exit_code == 0
    assert invitations.invitations()[0].state == "revoked"
    assert user(settings, "invite", "--collection", "nowhere").exit_code == 1
    assert user(settings, "invite", "--url", "workbench.example.org").exit_code == 2


def test_a_link_to_choose_a_new_password_is_printed(
    installation: Flask, settings: Settings
) -> None:
    printed = user(settings, "reset-password", "eve").stdout

    assert resets.use(token_of(printed), "another long one").name == "eve"
    assert accounts.authenticate("eve", "another long one") is not None
    assert "not found" in user(settings, "reset-password", "nobody").output


def test_members_are_added_removed_and_told(installation: Flask, settings: Settings) -> None:
    changed = user(settings, "members", "pictures", "--add", "eve", "--remove", "ada", "--restrict")

    assert changed.stdout.splitlines() == [
        "pictures is seen by its members and admins.",
        "Member: eve",
    ]
    assert membership.access_to("pictures").members == ("eve",)
    assert (newest_event().action, newest_event().user_id) == ("collection.members", None)
    told = json.loads(user(settings, "members", "pictures", "--json").stdout)
    assert (told["restricted"], told["members"]) == (True, ["eve"])
    user(settings, "members", "pictures", "--open")
    assert not membership.access_to("pictures").restricted
    assert membership.access_to("pictures").members == ("eve",), "named for later"
    for wrong in (("nowhere",), ("pictures", "--add", "nobody")):
        assert user(settings, "members", *wrong).exit_code == 1


def test_a_token_is_made_within_the_person_s_role_listed_and_revoked(
    installation: Flask, settings: Settings
) -> None:
    made = user(settings, "make-token", "eve", "--name", "backup", "--scope", "read", "--days", "9")

    bearer = tokens.find(made.stdout.strip())
    assert bearer is not None
    assert (bearer.account.name, bearer.scopes) == ("eve", frozenset({"read"}))
    assert (newest_event().action, newest_event().user_id) == ("token.make", None)
    [listed] = json.loads(user(settings, "tokens", "--json").stdout)["tokens"]
    assert (listed["owner"], listed["name"]) == ("eve", "backup")
    assert made.stdout.strip() not in user(settings, "tokens").stdout
    assert user(settings, "revoke-token", str(listed["id"])).exit_code == 0
    assert tokens.find(made.stdout.strip()) is None
    refused = user(settings, "make-token", "eve", "--name", "x", "--scope", "retrain")
    assert refused.exit_code == 1
    assert "no more than" in refused.output
