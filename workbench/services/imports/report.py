"""What one import did, and what its collection then holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, select

from workbench.services.imports.changes import Change
from workbench.services.imports.tally import Tally
from workbench.store.database import session
from workbench.store.images import Image


@dataclass(frozen=True)
class ImportReport:
    """What one import did, and what the collection then holds.

    `seen` is the sum of `imported`, `already`, `restored`, `moved`, `changed`, `duplicates` and
    `rejected`.
    """

    collection: str
    seen: int
    imported: int
    already: int
    """Imported by an earlier run: same path, size and time of change."""
    restored: int
    """Imported by an earlier run; the normalised copy was lost and is written again."""
    moved: int
    """Imported earlier from another place, where the file is no longer."""
    changed: int
    """Imported earlier; the source now says otherwise. Nothing was changed unless `accepted`."""
    duplicates: int
    """Same content as another image of the collection; not stored twice."""
    rejected: int
    near_duplicates: int
    """Of the imported images, how many share a group with one that they nearly are."""
    rejections: tuple[tuple[str, str], ...]
    """Name and reason of the first 1000; all of them are in the database."""
    notes: tuple[tuple[str, str], ...]
    """Name and note of images imported with something left out; the first 1000."""
    changes: tuple[Change, ...]
    """The first 1000."""
    accepted: bool
    """Whether changes were accepted, and made."""
    real: int
    fake: int
    unlabelled: int
    held_out: int
    dated: int
    """Of how many a date is known; these five count the whole collection."""
    file_facts: Mapping[str, Any]
    """See `shortcuts.measure_shortcuts`; where it is `warned`, a model may cheat."""
    seconds: float

    @property
    def unaccepted(self) -> int:
        """How many of the listed changes could be accepted."""
        return 0 if self.accepted else sum(not each.hindrance for each in self.changes)

    @property
    def is_in_vain(self) -> bool:
        """Whether nothing of the source is in the collection."""
        return self.seen == self.rejected

    def as_json(self) -> dict[str, Any]:
        """As one object for JSON."""
        return asdict(self) | {
            "rejections": [{"name": name, "reason": reason} for name, reason in self.rejections],
            "notes": [{"name": name, "note": note} for name, note in self.notes],
            "changes": [each.as_json() for each in self.changes],
        }


def report_of(
    collection: str, collection_id: int, tally: Tally, facts: dict[str, Any], seconds: float
) -> ImportReport:
    """The report of an import that has ended."""
    counts, held = tally.counts, _holdings(collection_id)
    return ImportReport(
        collection=collection,
        seen=counts["seen"],
        imported=counts["imported"],
        already=counts["already"],
        restored=counts["restored"],
        moved=counts["moved"],
        changed=counts["changed"],
        duplicates=counts["duplicates"],
        rejected=counts["rejected"],
        near_duplicates=counts["near_duplicates"],
        rejections=tuple(tally.rejections),
        notes=tuple(tally.notes),
        changes=tuple(tally.changes),
        accepted=tally.accepted,
        real=held["real"],
        fake=held["fake"],
        unlabelled=held["unlabelled"],
        held_out=held["held_out"],
        dated=held["dated"],
        file_facts=facts,
        seconds=round(seconds, 3),
    )


def _holdings(collection_id: int) -> Counter[str]:
    rows = session().execute(
        select(Image.label, Image.held_out, func.count(), func.count(Image.date))
        .where(Image.collection_id == collection_id)
        .group_by(Image.label, Image.held_out)
    )
    held: Counter[str] = Counter()
    for label, held_out, count, dated in rows:
        held[label or "unlabelled"] += count
        held["held_out"] += count if held_out else 0
        held["dated"] += dated
    return held
