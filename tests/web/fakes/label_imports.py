"""Imports of labels: a file of three lines, of which one may be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.web.fakes.data import NOON
from tests.web.fakes.state import State
from workbench.services.interchange.importing import Report, Tally
from workbench.services.interchange.incoming import RowError
from workbench.services.interchange.undoing import ImportView
from workbench.services.progress import Progress

TALLY = Tally(images=3, verdicts=2, same=1, disputed=1, regions=4, tags=5, notes=1)
COUNTS = {"verdicts": 2, "regions": 4, "tags": 5, "notes": 1}
IMPORTS = (
    ImportView(5, "coco", COUNTS, "ada", 1, NOON, finished=True, undone=False),
    ImportView(4, "csv", COUNTS, "ben <i>", 2, NOON, finished=True, undone=False),
    ImportView(3, "jsonl", {}, "ada", 1, NOON, finished=False, undone=True),
)


class LabelImporting:
    """What says “wrong” has a wrong line."""

    def __init__(self, state: State) -> None:
        self._state = state

    def check(
        self,
        collection_id: int,
        path: Path,
        form: str,
        columns: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> Report:
        if "wrong" not in path.read_text():
            return Report(TALLY)
        return Report(TALLY, [RowError(7, "label", "Unknown value “blue <b>”.")], 1)

    def import_labels(  # noqa: PLR0913 - what the real one takes
        self,
        user_id: int,
        collection_id: int,
        path: Path,
        form: str,
        columns: Mapping[str, str] | None = None,
        *,
        leave_out_wrong: bool = False,
        most: int | None = None,
        progress: Progress | None = None,
    ) -> Report:
        report = self.check(collection_id, path, form, columns)
        if report.wrong and not leave_out_wrong:
            return report
        self._state.labels_imported.append((form, dict(columns or {})))
        report.import_id = 6
        return report


class LabelUndoing:
    """One of ada, one of somebody else, one that is undone."""

    def __init__(self, state: State) -> None:
        self._state = state

    def imports_of(self, collection_id: int, limit: int = 20) -> tuple[ImportView, ...]:
        return IMPORTS if collection_id == 1 else ()

    def undo_import(self, user_id: int, collection_id: int, import_id: int) -> int:
        self._state.labels_imported.append(("undo", import_id))
        return 12
