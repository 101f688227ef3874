"""Accounts are managed from the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result

from workbench.app import create_app
from workbench.cli import main
from workbench.config import Settings
from workbench.services import accounts, sign_in
from workbench.store.database import db

FIRST, SECOND = "correct horse battery", "another long one"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


class Installation:
    """A workbench whose accounts somebody manages."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    def user(self, *command: str, typed: str = "") -> Result:
        runner = CliRunner(env={"WORKBENCH_DATA_DIR": str(self._data_dir)})
        return runner.invoke(main, ["user", *command], input=f"{typed}\n")

    def listed(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.user("list", "--json").stdout)["users"]
        return found

    def sign_in(self, name: str, password: str) -> str | None:
        """The token of a new session; None where the password is refused."""
        with create_app(Settings(data_dir=self._data_dir)).app_context():
            found = accounts.authenticate(name, password)
            token = sign_in.start(found.id) if found else None
            db.engine.dispose()
        return token

    def is_in(self, token: str | None) -> bool:
        with create_app(Settings(data_dir=self._data_dir)).app_context():
            found = sign_in.find(token or "")
            db.engine.dispose()
        return found is not None


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    made = Installation(tmp_path / "data")
    for name in ("ada", "ben"):
        assert made.user("add", name, "--password-stdin", typed=FIRST).exit_code == 0
    return made


def test_an_account_is_listed_changed_deactivated_and_activated(
    installation: Installation,
) -> None:
    bens = installation.sign_in("ben", FIRST)
    first = installation.sign_in("ada", FIRST)
    assert installation.user("set-role", "ada", "reviewer").exit_code == 0
    assert installation.is_in(first), "a role is no reason to sign in again"

    assert installation.user("set-password", "ada", "--password-stdin", typed=SECOND).exit_code == 0
    assert not installation.is_in(first)
    assert installation.sign_in("ada", FIRST) is None
    second = installation.sign_in("ada", SECOND)
    assert installation.is_in(second)

    assert installation.user("deactivate", "ada").exit_code == 0
    assert not installation.is_in(second)
    assert installation.sign_in("ada", SECOND) is None
    ada, ben = installation.listed()
    assert (ada["name"], ada["role"], ada["last_seen_at"]) == ("ada", "reviewer", None)
    assert ada["deactivated_at"]
    assert (ben["deactivated_at"], bool(ben["last_seen_at"])) == (None, True)
    assert "ada: reviewer, deactivated" in installation.user("list").stdout

    assert installation.user("activate", "ada").exit_code == 0
    assert installation.is_in(installation.sign_in("ada", SECOND))
    assert installation.is_in(bens), "nobody else's session ended"


def test_a_name_that_nobody_has_is_a_sentence(installation: Installation) -> None:
    for command in (
        ("set-password", "nobody", "--password-stdin"),
        ("set-role", "nobody", "reviewer"),
        ("deactivate", "nobody"),
        ("activate", "nobody"),
    ):
        done = installation.user(*command, typed=SECOND)

        assert done.exit_code == 1
        assert "Error: User “nobody” not found." in done.output
