"""Model versions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tests.web.fakes.data import FACES, OLD, SIX
from tests.web.fakes.state import State
from workbench.services.models.label_changes import LabelChange, LabelChanges
from workbench.services.models.version_images import VersionImages
from workbench.services.models.versions import VersionRow


class Images:
    def images_of(self, version_ids: Collection[int]) -> dict[int, VersionImages]:
        return dict.fromkeys(version_ids, SIX)


@dataclass
class Versions:
    book: State

    def activate(self, user_id: int, version_id: int) -> None:
        self.book.activated.append((user_id, version_id))

    def versions(self, collection_id: int) -> tuple[VersionRow, ...]:
        if collection_id != FACES.id:
            return ()
        counts = {"images": 6, "real": 3, "fake": 3, "overturned": 1, "excluded": 0, "held_out": 1}
        return (
            VersionRow(
                self.book.newest, self.book.parent_number, SIX, counts, self.book.metrics, 2
            ),
            VersionRow(OLD, None, SIX, counts, {}, 3),
        )


class Labels:
    def label_changes(self, version_id: int) -> LabelChanges | None:
        if version_id == OLD.id:
            return None
        return LabelChanges(
            training=(
                LabelChange(2, "face 2 <b>.jpg", "real", "real", "fake"),
                LabelChange(3, "face 3 <b>.jpg", "real", "fake", "fake"),
            ),
            test=(LabelChange(6, "face 6 <b>.jpg", "fake", None, "real"),),
            training_total=40,
            test_total=1,
        )
