"""Writing a batch of an import's outcomes: rows, rejections and counts, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import asdict, replace
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from workbench.services.collections import refuse_leaving
from workbench.services.imports.changes import (
    accept,
    changes_of,
    content_change,
    listed,
    split_contradiction,
)
from workbench.services.imports.groups import GROUP, side
from workbench.services.imports.known import Known, images_at, images_with
from workbench.services.imports.reading import Already, Outcome, Ready, Rejected
from workbench.services.imports.replaced import hindrance_of, replace_image
from workbench.services.imports.split import is_held_out
from workbench.services.imports.taken_down import lift
from workbench.services.imports.tally import Importing, Place, Tally
from workbench.services.review.decisions import decisions_on
from workbench.services.sources.entries import Candidate, display
from workbench.store.images import Collection, Image, ImportRejection

COPY: Final = "a copy of another image"


class Batch:
    """Outcomes written within one transaction.

    `gone` are the images whose originals are no longer where they were imported from. A new file
    in the place of an old one is put off, into `later`: the image of the old one may have moved,
    which is known once the whole source was seen (`settled`). So are the places, in `places`, of
    files that the collection has from elsewhere.
    """

    def __init__(self, write: Session, of: Importing, *, settled: bool = False) -> None:
        self.later: list[Ready] = []
        self.places: list[Place] = []
        self._write = write
        self._of = of
        self._settled = settled
        self._tally = Tally()
        self._images: list[dict[str, Any]] = []
        self._rejections: list[dict[str, Any]] = []
        self._gone: AbstractSet[int] = frozenset()
        self._by_content: dict[str, Known] = {}
        self._by_place: dict[str, tuple[Known, ...]] = {}
        self._sides: dict[str, bool] = {}
        self._old: list[tuple[Known, str]] = []

    def write(self, outcomes: list[Outcome], gone: AbstractSet[int] = frozenset()) -> Tally:
        """Write rows for the outcomes, and count them."""
        self._gone = gone
        ready = [outcome for outcome in outcomes if isinstance(outcome, Ready)]
        self._lock()
        collection_id = self._of.collection_id
        refuse_leaving(self._write, collection_id)
        if self._of.allow_removed:
            lift(self._write, [digest for each in ready for digest in digests_of(each)])
        self._by_content = images_with(collection_id, {each.content_hash for each in ready})
        self._by_place = images_at(collection_id, {each.uri for each in ready})
        self._join_near_duplicates(ready)
        self._sides = self._sides_of_groups(outcomes)
        for outcome in outcomes:
            self._take(outcome)
        if self._images:
            self._write.execute(insert(Image), self._images)
            self._count()
        self._remove_old()
        if self._rejections:
            self._write.execute(insert(ImportRejection), self._rejections)
        self._tally.counts["seen"] = len(outcomes) - len(self.later)
        return self._tally

    def settle(self, places: list[Place]) -> Tally:
        """Deal with the images whose files gave place to files that the collection has already."""
        self._lock()
        at = images_at(self._of.collection_id, {place.uri for place in places})
        for place in places:
            if old := self._others(at[place.uri], place.content_hash):
                self._replace(old, place.shown, COPY, COPY)
        self._remove_old()
        return self._tally

    def _count(self) -> None:
        labels = Counter(image["label"] for image in self._images)
        self._write.execute(
            update(Collection)
            .where(Collection.id == self._of.collection_id)
            .values(
                real=Collection.real + labels["real"],
                fake=Collection.fake + labels["fake"],
                unlabelled=Collection.unlabelled + labels[None],
            )
        )

    def _lock(self) -> None:
        # Two imports into one collection take turns (SQLite's write lock already does this).
        self._write.execute(
            select(Collection.id).where(Collection.id == self._of.collection_id).with_for_update()
        )

    def _join_near_duplicates(self, ready: list[Ready]) -> None:
        """Give each new image that comes without a group that of the images it nearly is."""
        new = [
            each
            for each in ready
            if each.content_hash not in self._by_content and not self._waits(each)
        ]
        joined = self._of.near.join(
            self._write, [each.row for each in new if not each.source.group]
        )
        self._tally.counts["near_duplicates"] += joined

    def _sides_of_groups(self, outcomes: list[Outcome]) -> dict[str, bool]:
        named = {each.row["group_key"] for each in outcomes if isinstance(each, Ready)}
        named |= {
            each.source.group
            for each in outcomes
            if isinstance(each, Already) and each.source.group not in ("", each.known.group_key)
        }
        rows = self._write.execute(
            select(Image.group_key, Image.held_out)
            .where(Image.collection_id == self._of.collection_id, Image.group_key.in_(named))
            .distinct()
        )
        return dict(rows.tuples().all())

    def _take(self, outcome: Outcome) -> None:
        match outcome:
            case Already():
                self._take_already(outcome)
            case Rejected():
                self._reject(outcome)
            case Ready():
                self._take_ready(outcome)

    def _take_already(self, outcome: Already) -> None:
        known = outcome.known
        if outcome.crowded:
            place = Place(known.original_uri, known.content_hash, outcome.source.shown)
            self.places.append(place)
        if reason := split_contradiction(known, outcome.source):
            self._reject(Rejected(known.original_uri, outcome.source.shown, reason))
        elif not self._differs(known, outcome.source):
            self._tally.counts["already"] += 1

    def _take_ready(self, image: Ready) -> None:
        known = self._by_content.get(image.content_hash)
        old = self._replaced_by(image)
        if known is not None:
            if old:
                self.places.append(Place(image.uri, image.content_hash, image.source.shown))
            self._repeat(image, known)
        elif not old:
            self._add(image)
        elif not self._settled:
            self.later.append(image)
        elif self._replace(old, image.source.shown, image.content, image.kind):
            self._add(image)
        else:
            self._tally.counts["changed"] += 1

    def _replaced_by(self, image: Ready) -> list[Known]:
        """The images that were imported from where another file lies now."""
        return self._others(self._by_place.get(image.uri, ()), image.content_hash)

    def _others(self, at: tuple[Known, ...], content_hash: str) -> list[Known]:
        """The images of a place that another file lies in, but for those that moved away."""
        return [
            each
            for each in at
            if each.content_hash != content_hash and each.id not in self._of.moved
        ]

    def _waits(self, image: Ready) -> bool:
        return not self._settled and bool(self._replaced_by(image))

    def _add(self, image: Ready) -> None:
        group, wanted = image.row["group_key"], image.source.held_out
        held_out = self._sides.get(group, is_held_out(group) if wanted is None else wanted)
        if wanted not in (None, held_out):
            reason = f"its group {group} is in {side(held_out)}, this file in {side(not held_out)}"
            return self._reject_ready(image, reason)
        self._sides[group] = held_out
        row = image.row | {"collection_id": self._of.collection_id, "held_out": held_out}
        self._by_content[image.content_hash] = Known.of_row(row)
        self._images.append(row)
        self._tally.counts["imported"] += 1
        if image.notes:
            words = "; ".join(note.sentence for note in image.notes)
            self._tally.notes.append((image.source.shown, words))
        return None

    def _repeat(self, image: Ready, known: Known) -> None:
        """Content that the collection has: never a second row."""
        same_file = known.original_uri == image.uri
        moved = not same_file and known.id in self._gone
        if moved:
            self._of.moved.add(known.id)
        if (same_file or moved) and (reason := split_contradiction(known, image.source)):
            self._reject_ready(image, reason)
            return
        if not (same_file or moved) and known.written_label != image.source.label:
            reason = f"duplicate of {known.name}, which is labelled {known.written_label}"
            self._reject_ready(image, reason)
            return
        if not known.id and known.written_label != image.source.label:
            reason = f"listed twice: as {known.written_label} and as {image.source.label}"
            self._reject_ready(image, reason)
            return
        differs = (same_file or moved) and self._differs(known, image.source)
        restored = image.lost or (image.written and image.row["pixel_hash"] == known.pixel_hash)
        # Content that is in this very batch has no row yet (and no id).
        what = "already" if same_file else "moved" if moved else "duplicates"
        if not differs:
            self._tally.counts["restored" if restored and known.id else what] += 1
        if same_file or (moved and not (differs and not self._of.by.accepted)):
            self._remember(image, known)

    def _differs(self, known: Known, source: Candidate) -> bool:
        """Whether the source says otherwise of an image; it is listed then, and counted."""
        found = changes_of(known, source, self._of.groups)
        if not found:
            return False
        hindrance = self._of.groups.hindrance(known, found, self._sides.get)
        if self._of.by.accepted:
            self._accept(known, {k: v for k, v in found.items() if not hindrance or k != GROUP})
        decision = decisions_on([known.id]).get(known.id)
        self._tally.changes += listed(source.shown, found, decision, hindrance)
        self._tally.counts["changed"] += 1
        return True

    def _accept(self, known: Known, found: dict[str, tuple[str, str]]) -> None:
        if not found:
            return
        accept(self._write, known, found, self._of.by)
        self._tally.accepted = True
        if GROUP in found:
            self._sides[found[GROUP][1]] = known.held_out

    def _replace(self, old: list[Known], shown: str, content: str, kind: str) -> bool:
        """List what was overwritten; whether the new file is to be taken for the old one's."""
        accepted = self._of.by.accepted
        hindrances = [hindrance_of(self._write, each) if accepted else "" for each in old]
        decisions = decisions_on([each.id for each in old])
        self._tally.changes += [
            content_change(shown, each, content, decisions.get(each.id), hindrance)
            for each, hindrance in zip(old, hindrances, strict=True)
        ]
        if not accepted or any(hindrances):
            return False
        self._old += [(each, kind) for each in old]
        self._tally.accepted = True
        return True

    def _remove_old(self) -> None:
        # After the new ones came: SQLite would give them the ids of removed rows.
        for each, kind in self._old:
            replace_image(self._write, each, kind, self._of.by)
            self._tally.replaced.append(each)

    def _remember(self, image: Ready, known: Known) -> None:
        """The same file, touched, moved or restored: the next run shall know it without reading."""
        values: dict[str, Any] = {
            each: image.row[each] for each in ("modified_ns", "original_uri", "name")
        }
        if image.lost:
            # Another release of the decoder may give other pixels.
            values["pixel_hash"] = image.row["pixel_hash"]
            # As its source gives it: the next analysis makes it like the others again.
            values |= {"made_alike": None, "plain_pixel_hash": None}
        self._write.execute(update(Image).where(Image.id == known.id).values(values))
        self._by_content[known.content_hash] = replace(known, original_uri=image.uri)

    def _reject_ready(self, image: Ready, reason: str) -> None:
        self._reject(Rejected(image.uri, image.source.shown, reason))

    def _reject(self, rejected: Rejected) -> None:
        # A decoder's message may quote the file's bytes.
        reason = display(rejected.reason)
        self._tally.counts["rejected"] += 1
        self._tally.rejections.append((rejected.name, reason))
        row = asdict(rejected) | {"reason": reason, "run_id": self._of.run_id}
        self._rejections.append(row)


def digests_of(image: Ready) -> tuple[str, str]:
    """What a picture is known by: the digest of its file, and that of its pixels."""
    return image.content_hash, image.row["pixel_hash"]
