"""Imports from the browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.web.fakes.data import NOON
from tests.web.fakes.state import State
from workbench.config import Settings
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.imports.changes import Change
from workbench.services.imports.preview import Ignored, Preview, PreviewedImage
from workbench.services.intake.folders import Folder, Listing
from workbench.services.intake.jobs import DryRun, JobView
from workbench.services.intake.options import FormOptions
from workbench.services.intake.uploads import Received

PREVIEW = Preview(
    collection="faces",
    images=6,
    by_label={"fake": 3, "real": 3},
    by_generator={"flux <b>": 2, "": 1},
    by_class={"": 6},
    by_split={"drawn": 6},
    dated=3,
    unread_dates={"spring <b>": 2},
    first=(PreviewedImage("fake/flux/a.png", "fake", "flux <b>", "", "drawn", ""),),
    ignored={"not in a folder named real or fake": Ignored(2, ["stray.png", "other.png"])},
    already=4,
    changes=(Change("fake/b.png", "label", "real", "fake", decision="real"),),
)

REPORT: dict[str, Any] = {
    "imported": 2,
    "already": 4,
    "restored": 0,
    "moved": 1,
    "changed": 1,
    "duplicates": 0,
    "rejected": 1,
    "near_duplicates": 1,
    "rejections": [{"name": "bad <i>.png", "reason": "empty file"}],
    "notes": [{"name": "tiny.png", "note": "a shorter side below 16 px"}],
    "changes": [PREVIEW.changes[0].as_json()],
    "accepted": False,
    "real": 4,
    "fake": 3,
    "unlabelled": 0,
    "held_out": 2,
    "dated": 5,
    "file_facts": {},
}

REFUSAL = "list.csv has no column named path; it has: Name, label. Add: --column path=Name"

SAID = (
    REFUSAL,
    *PREVIEW.ignored,
    *(name for each in PREVIEW.ignored.values() for name in each.names),
    *(each["reason"] for each in REPORT["rejections"]),
    *(each["note"] for each in REPORT["notes"]),
    *(each["name"] for kept in ("rejections", "notes") for each in REPORT[kept]),
    *(each.name for each in (*PREVIEW.first, *PREVIEW.changes)),
    "The disk is full.",
    "set <b>.zip",
    "set <b>",
    "set",
    "flux <b>",
    "list.csv",
    "path=Name",
    "new",
)
"""What is data on these pages, and no words of theirs."""


def job(state: str, **changes: Any) -> JobView:
    """An import of an upload into the collection of faces."""
    usual = JobView(
        id=40,
        collection="faces",
        kind="upload",
        shown="set <b>.zip",
        options=FormOptions(),
        state=state,
        stage="Importing images",
        done=62,
        total=100,
        fraction=0.62,
        seconds_left=14.0,
        rate=31.0,
        error="",
        cancel_requested=False,
        report={},
        requested_by="ada",
        created_at=NOON,
        finished_at=None,
        exists=True,
    )
    return replace(usual, **changes)


JOBS = {
    40: job("draft"),
    41: job("draft", id=41, exists=False, collection="new"),
    42: job("running", id=42),
    43: job("succeeded", id=43, report=REPORT),
    44: job("failed", id=44, error="The disk is full."),
    45: job("cancelled", id=45),
}
"""One in each state; the draft with the id 41 cannot be read as it stands."""


@dataclass
class Folders:
    book: State

    def list_folder(self, key: str, settings: Settings) -> Listing | None:
        if key == "out":
            raise NotFoundError("There is no such folder below the import root.")
        if not self.book.import_root:
            return None
        return Listing(
            Folder(key, key), (Folder("", ""),) if key else (), (Folder("set", "set <b>"),), 0, 3
        )


@dataclass
class Jobs:
    book: State

    def recent(self, limit: int = 30) -> tuple[JobView, ...]:
        return tuple(self.book.imports.values())

    def job_of(self, job_id: int) -> JobView:
        if job_id not in self.book.imports:
            raise NotFoundError("Import not found.")
        return self.book.imports[job_id]

    def dry_run(self, job_id: int, settings: Settings) -> DryRun:
        if job_id == 41:
            suggested = FormOptions(columns=("path=Name",))
            return DryRun(None, REFUSAL, suggested, ("list.csv",))
        return DryRun(PREVIEW, tables=("list.csv",))

    def draft_folder(self, user_id: int, collection: str, key: str, settings: Settings) -> JobView:
        return self._draft(collection, key)

    def draft_upload(
        self, user_id: int, collection: str, files: Sequence[Received], settings: Settings
    ) -> JobView:
        if not [each for each in files if each.filename]:
            raise InvalidError("Choose a file, several, or a zip archive.")
        self.book.received = [(each.filename or "", each.stream.read()) for each in files]
        return self._draft(collection, files[0].filename or "")

    def _draft(self, collection: str, shown: str) -> JobView:
        if "/" in collection:
            raise InvalidError("no such name")
        made = job("draft", id=next(self.book.ids), collection=collection, shown=shown)
        self.book.imports[made.id] = made
        return made

    def set_options(self, job_id: int, options: FormOptions) -> None:
        self.book.imports[job_id] = replace(self.job_of(job_id), options=options)

    def start(self, user_id: int, job_id: int) -> None:
        found = self.job_of(job_id)
        if found.state != "draft":
            raise ConflictError("This import was started already.")
        self.book.imports[job_id] = replace(found, state="queued")

    def cancel(self, user_id: int, job_id: int, settings: Settings) -> None:
        if self.job_of(job_id).state == "draft":
            del self.book.imports[job_id]
        else:
            self.book.imports[job_id] = replace(self.job_of(job_id), cancel_requested=True)
