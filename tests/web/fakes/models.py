"""Model versions."""

from __future__ import annotations

from dataclasses import dataclass

from tests.web.fakes.data import FACES, NEW, OLD
from tests.web.fakes.state import State
from workbench.services.models.versions import VersionRow


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
            VersionRow(NEW, 1, counts, {"held_out_auc": 0.84, "parent_auc": 0.80}, 2),
            VersionRow(OLD, None, counts, {"held_out_auc": 0.80}, 3),
        )
