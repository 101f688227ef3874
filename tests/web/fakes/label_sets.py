"""Two label sets of the faces, the later with another label and another tag."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import IO

from tests.web.fakes.data import NOON
from tests.web.fakes.state import State
from workbench.config import Settings
from workbench.services.errors import NotFoundError
from workbench.services.interchange.exports import Download, ExportView
from workbench.services.label_sets.comparing import Change, ChangedImage, Comparison
from workbench.services.label_sets.reading import FrozenImage, ImagesPage, LabelSetView
from workbench.services.progress import Progress

SETS = {
    1: LabelSetView(
        *(71, 1, "after the first", "", "ada", NOON, 12, 6),
        *({"real": 3, "fake": 3}, {"imported": 6}, {}, 0, 0, 0),
    ),
    2: LabelSetView(
        *(72, 2, "after the second <b>", "with a\nsecond line", "ben <i>", NOON, 1234, 5),
        *({"real": 2, "fake": 2, "exclude": 1}, {"imported": 3, "verdicts": 1, "disputed": 1}),
        *({"fake smile <b>": 2}, 3, 1, 1),
    ),
}


class LabelSets:
    """Those of the faces; of the collection that is not analysed, none."""

    def label_sets(self, collection_id: int) -> tuple[LabelSetView, ...]:
        return (SETS[2], SETS[1]) if collection_id == 1 else ()

    def label_set(self, collection_id: int, number: int) -> LabelSetView:
        if collection_id != 1 or number not in SETS:
            raise NotFoundError(f"Label set {number} not found.")
        return SETS[number]

    def images_of(
        self,
        label_set_id: int,
        *,
        after: int | None = None,
        label: str | None = None,
        rule: str | None = None,
    ) -> ImagesPage:
        images = (
            FrozenImage(1, "face 1 <b>.jpg", "real", "real", None, "imported", None, ()),
            FrozenImage(
                *(2, "face 2 <b>.jpg", "fake", "real", "fake", "verdicts", NOON),
                ("fake smile <b>",),
            ),
            FrozenImage(3, "face 3 <b>.jpg", None, "real", "exclude", "verdicts", NOON, ()),
        )
        return ImagesPage(
            tuple(each for each in images if label in {None, each.label}),
            None if after else 3,
        )


class FreezingLabels:
    """Making label sets."""

    def __init__(self, state: State) -> None:
        self._state = state

    def make_label_set(
        self, user_id: int, collection_id: int, name: str, description: str = ""
    ) -> int:
        self._state.label_sets_made.append((user_id, name, description))
        return 2


class SetComparisons:
    """What changed from the first to the second."""

    def compare(self, earlier_id: int, later_id: int) -> Comparison:
        found = Comparison()
        if earlier_id == later_id:
            return found
        found.relabelled = Change(70, [ChangedImage(2, "face 2 <b>.jpg", "real", "fake")])
        found.moves = Counter({("real", "fake"): 70})
        found.gained = Change(1, [ChangedImage(2, "face 2 <b>.jpg", None, "fake smile <b>")])
        found.tags_gained = Counter({"fake smile <b>": 1})
        found.removed = Change(1, [ChangedImage(4, "face 4 <b>.jpg", "exclude", None)])
        return found


RUNNING = ExportView(
    *(9, 2, "jsonl", "running", 5, 20, 0.25, 12.0, "", False, None, "ben <i>", NOON, None)
)
READY = replace(RUNNING, id=8, format="coco", state="succeeded", size=1_234_567)
EXPORTS = {
    9: RUNNING,
    8: replace(READY, until=NOON + timedelta(days=7)),
    7: replace(RUNNING, id=7, format="csv", state="failed", error="No space left on device."),
}


class Exporting:
    """Exports of the second set: one that runs, one that is ready, one that failed."""

    def __init__(self, state: State) -> None:
        self._state = state

    def request(self, user_id: int, label_set_id: int, form: str) -> int:
        self._state.exports_asked.append((label_set_id, form))
        return 9

    def exports_of(self, label_set_id: int) -> tuple[ExportView, ...]:
        return tuple(EXPORTS.values()) if label_set_id == 72 else ()

    def export_of(self, collection_id: int, export_id: int) -> ExportView:
        if collection_id != 1 or export_id not in EXPORTS:
            raise NotFoundError("Export not found.")
        return EXPORTS[export_id]

    def cancel(self, user_id: int, collection_id: int, export_id: int) -> None:
        self._state.exports_asked.append((export_id, "cancel"))

    def download(self, collection_id: int, export_id: int, settings: Settings) -> Download:
        if export_id != 8:
            raise NotFoundError("This file is not there, or not any more. Export again.")
        path = self._state.folder / "8"
        path.write_bytes(b"{}")
        return Download(path, "faces-labels-2.coco.json", "application/json")


class WritingSets:
    """What a set is in any format."""

    def write_label_set(
        self, label_set_id: int, form: str, out: IO[bytes], progress: Progress | None = None
    ) -> None:
        out.write(f"{label_set_id} {form}".encode())
