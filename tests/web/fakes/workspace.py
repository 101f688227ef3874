"""Accounts, collections and the workspace of a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.web.fakes.data import ADA, BEN, CARDS, FACES, OLD, PASSWORD, RAW
from tests.web.fakes.state import State
from workbench.services.accounts import Account
from workbench.services.errors import NotFoundError
from workbench.services.people.tokens import TokenView
from workbench.services.sign_in import SessionView
from workbench.services.workspaces import ListedCollection, ShownVersion, Workspace
from workbench.store.failures import DatabaseAwayError


@dataclass
class Accounts:
    book: State

    def authenticate(self, name: str, password: str) -> Account | None:
        return next(
            (
                each
                for each in (ADA, BEN)
                if each.name == name and password == self.book.passwords.get(each.id, PASSWORD)
            ),
            None,
        )

    def has_password(self, user_id: int) -> bool:
        return True

    def change_password(self, user_id: int, password: str) -> None:
        self.book.passwords[user_id] = password
        self.book.sessions = {
            token: owner for token, owner in self.book.sessions.items() if owner != user_id
        }


@dataclass
class SignIns:
    book: State

    def start(self, user_id: int, browser: str = "", address: str = "", issuer: str = "") -> str:
        token = f"token {next(self.book.ids)}"
        self.book.sessions[token] = user_id
        return token

    def find(self, token: str) -> Account | None:
        if self.book.broken:
            raise RuntimeError("the database is away")
        return {1: ADA, 2: BEN}.get(self.book.sessions.get(token, 0))

    def end(self, token: str) -> None:
        self.book.sessions.pop(token, None)

    def sessions(self, user_id: int, token: str) -> tuple[SessionView, ...]:
        seen = datetime(2026, 3, 3, 9, tzinfo=UTC)
        return (
            SessionView(2, "Firefox, Linux", "::1", seen, seen, here=True),
            SessionView(1, "", "", seen, seen, here=False),
        )

    def end_one(self, user_id: int, session_id: int) -> None:
        raise NotImplementedError

    def end_everywhere(self, user_id: int) -> None:
        self.book.sessions = {
            token: owner for token, owner in self.book.sessions.items() if owner != user_id
        }


@dataclass
class FakeQueue:
    book: State

    @property
    def count(self) -> int:
        return len(self.book.waiting())

    def first(self) -> int | None:
        return next(iter(self.book.waiting()), None)

    def after(self, image_id: int) -> int | None:
        behind = abs(CARDS[image_id].p - 0.5)
        waiting = self.book.waiting()
        following = [each for each in waiting if abs(CARDS[each].p - 0.5) < behind]
        return next((each for each in [*following, *waiting] if each != image_id), None)

    def before(self, image_id: int, judged: Sequence[int] = ()) -> int | None:
        ahead = abs(CARDS[image_id].p - 0.5)
        known = [*self.book.waiting(), *judged]
        found = [each for each in known if abs(CARDS[each].p - 0.5) > ahead]
        return min(found, key=lambda each: abs(CARDS[each].p - 0.5), default=None)


@dataclass
class Collections:
    book: State

    def collections(self) -> tuple[ListedCollection, ...]:
        if self.book.broken:
            raise RuntimeError("the database is away")
        return tuple(self.book.collections)

    def workspace(self, name: str, version_number: int | None = None) -> Workspace:
        running = next((r for r in self.book.runs if r.state in ("queued", "running")), None)
        if name == "raw":
            return Workspace(RAW, None, (), running, None)
        if name != "faces":
            raise NotFoundError(f"Collection “{name}” not found.")
        new = self.book.newest
        version = new if version_number in (None, 2) else OLD if version_number == 1 else None
        if version is None:
            raise NotFoundError(f"faces has no version {version_number}.")
        faces = next((each for each in self.book.collections if each.name == name), FACES)
        return Workspace(faces, version, (new, OLD), running, FakeQueue(self.book))

    def collection_id(self, name: str) -> int:
        return self.workspace(name).collection.id

    def shown_version(self, name: str, version_number: int | None = None) -> ShownVersion | None:
        version = self.workspace(name, version_number).version
        return ShownVersion(version.id, version.number) if version else None


class Tokens:
    """Each person has one."""

    def tokens_of(self, user_id: int) -> tuple[TokenView, ...]:
        day = datetime(2026, 3, 3, 9, tzinfo=UTC)
        return (TokenView(1, "script <b>", "ada", ("read", "judge"), day, day, None),)


class Seeing:
    """Nobody is kept from any collection."""

    def hidden_from_strangers(self) -> frozenset[int]:
        return frozenset()


@dataclass
class Statuses:
    book: State

    def check_database(self) -> None:
        if self.book.broken:
            raise DatabaseAwayError("the database is away")
