"""Checks of collections, and what is done about their findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.web.fakes.data import ADA, BEN, CARDS, NOON
from tests.web.fakes.state import State
from workbench.analysis.images.alike import Alike
from workbench.config import Settings
from workbench.services.errors import NotFoundError
from workbench.services.hygiene.actions import ActionView
from workbench.services.hygiene.check import Check, ShownImage
from workbench.services.hygiene.coverage import Counted, Coverage, Division
from workbench.services.hygiene.findings import Finding
from workbench.services.hygiene.remedy import AlikeState

DUPLICATES = Finding(
    kind="duplicates_across_split",
    severity="warning",
    figures={
        "groups": 1,
        "images": 2,
        "share": 0.5,
        "same_pixels": 1,
        "most_bits": 5,
        "most_difference": 0.25,
    },
    groups=((1, 2),),
)

COVERAGE = Coverage(
    generators=Division((Counted("flux <b>", 0, 2, 0),), 1, Counted("", 2, 0, 0)),
    classes=Division((), 0, Counted("", 2, 2, 0)),
    years=Division((Counted("2012", 1, 0, 0), Counted("2024", 0, 1, 0)), 2, Counted("", 1, 1, 0)),
)


@dataclass
class Checks:
    book: State

    def check(self, name: str, settings: Settings, version_number: int | None = None) -> Check:
        self.book.checked += 1
        self.book.checked_by = version_number or 2
        return self._found(name)

    def check_again(self, name: str, settings: Settings) -> Check:
        return self.check(name, settings, self.book.checked_by)

    def newest_check(self, name: str) -> Check | None:
        return None if name == "raw" else self._found(name)

    def shown_images(self, image_ids: Iterable[int]) -> dict[int, ShownImage]:
        shown = {each: CARDS[each] for each in image_ids if each in CARDS}
        return {
            image_id: ShownImage(card.name, card.label, card.held_out)
            for image_id, card in shown.items()
        }

    def _found(self, name: str) -> Check:
        findings = (DUPLICATES, *self.book.findings)
        return Check(name, 4, findings, NOON, COVERAGE, self.book.checked_by)


@dataclass
class Remedies:
    book: State

    def alike_state(self, name: str) -> AlikeState | None:
        made = [each for each in self.book.data_actions if each.kind == "make_alike"]
        return AlikeState(Alike(256, 75), waiting=3, action=made[0].id) if made else None

    def make_alike(
        self, user_id: int | None, name: str, settings: Settings, key: str = ""
    ) -> ActionView:
        assert user_id is not None
        return _recorded(self.book, user_id, "make_alike", key, images=4)


@dataclass
class Actions:
    book: State

    def actions(self, name: str) -> tuple[ActionView, ...]:
        return tuple(self.book.data_actions)

    def leave_out(self, user_id: int, name: str, key: str) -> ActionView:
        return self._done(user_id, "leave_out", key)

    def one_group(self, user_id: int, name: str, key: str) -> ActionView:
        return self._done(user_id, "one_group", key)

    def undo(self, user_id: int | None, action_id: int) -> ActionView:
        found = next(each for each in self.book.data_actions if each.id == action_id)
        self.book.data_actions.remove(found)
        return found

    def _done(self, user_id: int, kind: str, key: str) -> ActionView:
        if key != DUPLICATES.key:
            raise NotFoundError("no such finding")
        return _recorded(self.book, user_id, kind, key, images=2)


def _recorded(book: State, user_id: int, kind: str, key: str, images: int) -> ActionView:
    by = {1: ADA, 2: BEN}[user_id].name
    made = ActionView(next(book.ids), kind, key, images, by, NOON, withdrawn=False)
    book.data_actions.append(made)
    return made
