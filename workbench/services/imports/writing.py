"""Writing a batch of an import's outcomes: rows, rejections and counts, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from workbench.services.collections import refuse_leaving
from workbench.services.imports.near_duplicates import NearDuplicates
from workbench.services.imports.reading import Already, Outcome, Ready, Rejected
from workbench.services.imports.split import is_held_out
from workbench.services.imports.taken_down import lift
from workbench.services.sources.entries import Candidate, display
from workbench.services.sources.labels import UNLABELLED
from workbench.store.database import session
from workbench.store.images import Collection, Image, ImportRejection

_REPORTED: Final = 1000
_KNOWN: Final = (
    Image.id,
    Image.original_uri,
    Image.name,
    Image.label,
    Image.held_out,
    Image.pixel_hash,
)


@dataclass(frozen=True)
class Known:
    """What the collection holds of an image already."""

    id: int
    uri: str
    name: str
    label: str | None
    held_out: bool
    pixel_hash: str

    @property
    def written_label(self) -> str:
        """Its label as a source writes it."""
        return self.label or UNLABELLED

    def contradiction(self, source: Candidate) -> str:
        """What its source now says differently; a later import changes neither."""
        if source.label != self.written_label:
            return f"imported earlier as {self.written_label}, now labelled {source.label}"
        if source.held_out not in (None, self.held_out):
            return f"imported earlier as {_side(self.held_out)}, now {_side(not self.held_out)}"
        return ""


@dataclass
class Tally:
    """Counts of what is committed."""

    counts: Counter[str] = field(default_factory=Counter)
    rejections: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.counts += other.counts
        self.rejections += other.rejections[: _REPORTED - len(self.rejections)]
        self.notes += other.notes[: _REPORTED - len(self.notes)]


def imported_earlier(
    collection_id: int, keys: Iterable[tuple[str, int, int]]
) -> dict[tuple[str, int, int], Known]:
    """The collection's images, among these, by URI, size and time of change."""
    rows = session().execute(
        select(
            Image.file_size,
            Image.modified_ns,
            *_KNOWN,
        ).where(
            Image.collection_id == collection_id,
            Image.original_uri.in_([uri for uri, _, _ in keys]),
        )
    )
    return {
        (known.uri, size, modified): known
        for size, modified, *rest in rows
        for known in (Known(*rest),)
    }


class Batch:
    """Outcomes written within one transaction."""

    def __init__(
        self, write: Session, collection_id: int, run_id: int, near: NearDuplicates
    ) -> None:
        self._current = write
        self._collection_id = collection_id
        self._run_id = run_id
        self._near = near
        self._tally = Tally()
        self._images: list[dict[str, Any]] = []
        self._rejections: list[dict[str, Any]] = []
        self._by_content: dict[str, Known] = {}
        self._sides: dict[str, bool] = {}

    def write(self, outcomes: list[Outcome], *, allow_removed: bool = False) -> Tally:
        """Write rows for the outcomes, and count them."""
        ready = [outcome for outcome in outcomes if isinstance(outcome, Ready)]
        self._lock()
        refuse_leaving(self._current, self._collection_id)
        if allow_removed:
            lift(self._current, [digest for each in ready for digest in digests_of(each)])
        self._by_content = self._images_by_content(ready)
        self._join_near_duplicates(ready)
        self._sides = self._sides_of_groups(ready)
        for outcome in outcomes:
            self._take(outcome)
        if self._images:
            self._current.execute(insert(Image), self._images)
            self._count()
        if self._rejections:
            self._current.execute(insert(ImportRejection), self._rejections)
        self._tally.counts["seen"] = len(outcomes)
        return self._tally

    def _count(self) -> None:
        labels = Counter(image["label"] for image in self._images)
        self._current.execute(
            update(Collection)
            .where(Collection.id == self._collection_id)
            .values(
                real=Collection.real + labels["real"],
                fake=Collection.fake + labels["fake"],
                unlabelled=Collection.unlabelled + labels[None],
            )
        )

    def _lock(self) -> None:
        # Two imports into one collection take turns (SQLite's write lock already does this).
        self._current.execute(
            select(Collection.id).where(Collection.id == self._collection_id).with_for_update()
        )

    def _images_by_content(self, ready: list[Ready]) -> dict[str, Known]:
        rows = self._current.execute(
            select(Image.content_hash, *_KNOWN).where(
                Image.collection_id == self._collection_id,
                Image.content_hash.in_([image.content_hash for image in ready]),
            )
        )
        return {content_hash: Known(*rest) for content_hash, *rest in rows}

    def _join_near_duplicates(self, ready: list[Ready]) -> None:
        """Give each new image that comes without a group that of the images it nearly is."""
        new = [each for each in ready if each.content_hash not in self._by_content]
        self._near.join(self._current, [each.row for each in new if not each.source.group])

    def _sides_of_groups(self, ready: list[Ready]) -> dict[str, bool]:
        rows = self._current.execute(
            select(Image.group_key, Image.held_out)
            .where(
                Image.collection_id == self._collection_id,
                Image.group_key.in_({image.row["group_key"] for image in ready}),
            )
            .distinct()
        )
        return dict(rows.tuples().all())

    def _take(self, outcome: Outcome) -> None:
        match outcome:
            case Already():
                self._tally.counts["already"] += 1
            case Rejected():
                self._reject(outcome)
            case Ready():
                known = self._by_content.get(outcome.content_hash)
                if known is None:
                    self._add(outcome)
                else:
                    self._repeat(outcome, known)

    def _add(self, image: Ready) -> None:
        group, wanted = image.row["group_key"], image.source.held_out
        held_out = self._sides.get(group, is_held_out(group) if wanted is None else wanted)
        if wanted not in (None, held_out):
            reason = (
                f"its group {group} is in {_side(held_out)}, this file in {_side(not held_out)}"
            )
            return self._reject_ready(image, reason)
        self._sides[group] = held_out
        self._by_content[image.content_hash] = Known(
            0,
            image.row["original_uri"],
            image.row["name"],
            image.row["label"],
            held_out,
            image.row["pixel_hash"],
        )
        self._images.append(
            image.row | {"collection_id": self._collection_id, "held_out": held_out}
        )
        self._tally.counts["imported"] += 1
        if image.notes:
            words = "; ".join(note.sentence for note in image.notes)
            self._tally.notes.append((image.source.shown, words))
        return None

    def _repeat(self, image: Ready, known: Known) -> None:
        """Content that the collection has: never a second row."""
        same_file = known.uri == image.row["original_uri"]
        if same_file and (reason := known.contradiction(image.source)):
            self._reject_ready(image, reason)
        elif known.written_label != image.source.label:
            reason = f"duplicate of {known.name}, which is labelled {known.written_label}"
            self._reject_ready(image, reason)
        else:
            restored = image.lost or (image.written and image.row["pixel_hash"] == known.pixel_hash)
            # Content that is in this very batch has no row yet (and no id).
            what = "already" if same_file else "duplicates"
            self._tally.counts["restored" if restored and known.id else what] += 1
            if same_file:
                self._remember(image, known)

    def _remember(self, image: Ready, known: Known) -> None:
        """The same file, touched or restored: the next run shall know it without reading."""
        values = {"modified_ns": image.row["modified_ns"]}
        if image.lost:
            # Another release of the decoder may give other pixels.
            values["pixel_hash"] = image.row["pixel_hash"]
        self._current.execute(update(Image).where(Image.id == known.id).values(values))

    def _reject_ready(self, image: Ready, reason: str) -> None:
        self._reject(Rejected(image.row["original_uri"], image.source.shown, reason))

    def _reject(self, rejected: Rejected) -> None:
        # A decoder's message may quote the file's bytes.
        reason = display(rejected.reason)
        self._tally.counts["rejected"] += 1
        self._tally.rejections.append((rejected.name, reason))
        self._rejections.append(asdict(rejected) | {"reason": reason, "run_id": self._run_id})


def digests_of(image: Ready) -> tuple[str, str]:
    """What a picture is known by: the digest of its file, and that of its pixels."""
    return image.content_hash, image.row["pixel_hash"]


def _side(held_out: bool) -> str:
    return "test split" if held_out else "training split"
