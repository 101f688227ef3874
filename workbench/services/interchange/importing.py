"""Importing labels: a dry run that reads all of a file, then decisions of who imports it.

Every decision is a row like one that is made on a page, with its event in the audit log; the import
lists them, so that they are undone as one. Nothing is written while a line is wrong, unless wrong
lines are to be left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from flask_babel import gettext
from sqlalchemy.orm import Session

from workbench.services import audit
from workbench.services.audit import Concerned
from workbench.services.collections import refuse_leaving
from workbench.services.errors import InvalidError
from workbench.services.interchange.incoming import RowError
from workbench.services.interchange.matching import Matched, Matching, lines_of
from workbench.services.interchange.putting import put
from workbench.services.progress import Progress, Silent
from workbench.store.database import now, transaction
from workbench.store.label_imports import LabelImport

ERRORS_SHOWN: Final = 200
MOST_AT_ONCE: Final = 5_000
"""Images, while somebody waits; the command line takes any number."""
STAGE: Final = "Importing labels"


@dataclass
class Tally:
    """What an import wrote, or would write.

    same: images of which nothing is to be decided, as it is so already. disputed: images on which
    others have decided otherwise, so that they are unsure afterwards, or stay as adjudicated.
    """

    images: int = 0
    verdicts: int = 0
    same: int = 0
    disputed: int = 0
    regions: int = 0
    tags: int = 0
    notes: int = 0

    def add(self, other: Tally) -> None:
        """Add what another one counted."""
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass
class Report:
    """How an import went. import_id: of one that wrote something."""

    tally: Tally = field(default_factory=Tally)
    errors: list[RowError] = field(default_factory=list)
    """The first of them."""
    wrong: int = 0
    """How many lines are wrong."""
    import_id: int | None = None


def check(
    collection_id: int,
    path: Path,
    form: str,
    columns: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Read a file and say what an import of it would write, and which lines are wrong.

    Nothing is written. Raises InvalidError for what is no file of this format.
    """
    report = Report()
    done = 0
    for right, wrong in Matching(collection_id).chunks(lines_of(path, form, columns or {})):
        report.tally.add(_expected(right))
        report.wrong += len(wrong)
        report.errors += wrong[: ERRORS_SHOWN - len(report.errors)]
        done += len(right) + len(wrong)
        (progress or Silent()).advance(done, 0, "Reading labels")
    return report


def import_labels(  # noqa: PLR0913 - a file, how it is read, and what is done about it
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
    """Write what a file says, as decisions of this person; nothing where a line is wrong.

    Written in parts, each whole: a process that dies leaves an import that can be undone, and doing
    it again writes what is missing. Raises InvalidError as `check` does, and for more than `most`
    images.
    """
    report = check(collection_id, path, form, columns, progress)
    if most is not None and report.tally.images > most:
        raise InvalidError(
            gettext(
                "At most %(most)s lines are imported at once. Import more with manage.py "
                "import-labels.",
                most=f"{most:,}",
            )
        )
    if report.wrong and not leave_out_wrong:
        return report
    tally = report.tally
    if not any((tally.verdicts, tally.regions, tally.notes, tally.tags)):
        return report
    report.import_id = _begun(user_id, collection_id, form)
    report.tally = Tally()
    done = 0
    for right, _wrong in Matching(collection_id).chunks(lines_of(path, form, columns or {})):
        with transaction() as write:
            audit.acting(write, user_id)
            refuse_leaving(write, collection_id)
            report.tally.add(_written(write, user_id, report.import_id, right))
        done += len(right)
        (progress or Silent()).advance(done, tally.images, STAGE)
    _ended(report.import_id, report.tally)
    return report


def _expected(matched: Sequence[Matched]) -> Tally:
    """What is written where nothing of it is there yet; tags and regions may be there already."""
    verdicts = [each for each in matched if each.decision]
    regions = [each for one in matched for each in one.regions]
    return Tally(
        images=len(matched),
        verdicts=len(verdicts),
        same=len(matched) - len(verdicts),
        disputed=sum(each.decided is not None for each in verdicts),
        regions=len(regions),
        tags=sum(len(tags) for _placed, tags in regions),
        notes=sum(len(each.notes) for each in matched),
    )


def _written(write: Session, user_id: int, import_id: int, matched: Sequence[Matched]) -> Tally:
    done = put(write, user_id, import_id, matched)
    expected = _expected(matched)
    return Tally(
        images=expected.images,
        verdicts=done.verdicts,
        same=expected.same,
        disputed=expected.disputed,
        regions=done.regions,
        tags=done.tags,
        notes=done.notes,
    )


def _begun(user_id: int, collection_id: int, form: str) -> int:
    with transaction() as write:
        refuse_leaving(write, collection_id)
        made = LabelImport(collection_id=collection_id, user_id=user_id, format=form)
        write.add(made)
        write.flush()
        audit.record(
            write,
            user_id,
            "labels.import",
            f"label_import:{made.id}",
            after={"format": form},
            concerned=Concerned(collection_id=collection_id),
        )
        return made.id


def _ended(import_id: int, tally: Tally) -> None:
    with transaction() as write:
        made = write.get_one(LabelImport, import_id, populate_existing=True)
        made.counts = asdict(tally)
        made.finished_at = now()
