"""Writing what lines say as decisions, some images at a time, within a transaction.

What stands already is not written again: an import that is repeated writes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from workbench.services.interchange.incoming import IncomingTag
from workbench.services.interchange.masks_in import Placed
from workbench.services.interchange.matching import Matched
from workbench.services.regions.found import known_regions, new_region, regions_of
from workbench.services.review.decision_changes import record_changes
from workbench.services.review.queued import follow_verdicts
from workbench.services.review.tags import tag_named
from workbench.store.id_lists import listed
from workbench.store.images import Image
from workbench.store.judgements import CounterfactualNote, Tagging, Verdict
from workbench.store.label_imports import LabelImportRow
from workbench.store.regions import DrawnRegion
from workbench.store.results import PixelGroup


@dataclass
class Done:
    """How many rows were written."""

    verdicts: int = 0
    regions: int = 0
    tags: int = 0
    notes: int = 0


@dataclass(frozen=True)
class _Lying:
    """A region of an image that is there by now, with the tags that are to be on it."""

    image_id: int
    region_id: int
    placed: Placed
    tags: tuple[IncomingTag, ...]


def put(write: Session, user_id: int, import_id: int, matched: Sequence[Matched]) -> Done:
    """Write verdicts, regions, tags and notes, and list them as this import's."""
    there = set(
        write.scalars(
            select(Image.id).where(
                Image.id.in_(select(listed(write, [each.image_id for each in matched])))
            )
        )
    )
    matched = [each for each in matched if each.image_id in there]
    verdicts = [
        Verdict(image_id=each.image_id, user_id=user_id, decision=each.decision, reason=each.reason)
        for each in matched
        if each.decision is not None
    ]
    notes = _notes(write, user_id, matched)
    write.add_all([*verdicts, *notes])
    lying = _regions(write, matched)
    drawn = _drawn(write, user_id, lying)
    write.add_all(drawn.values())
    write.flush()
    taggings = _taggings(write, user_id, lying)
    write.add_all(row for row, _image_id in taggings)
    write.flush()
    image_of = {each.region_id: each.image_id for each in lying}
    _list(
        write,
        import_id,
        [
            *(("verdict", each.id, each.image_id) for each in verdicts),
            *(("note", each.id, each.image_id) for each in notes),
            *(("drawn_region", each.id, image_of[region]) for region, each in drawn.items()),
            *(("tagging", each.id, image_id) for each, image_id in taggings),
        ],
    )
    judged = [each.image_id for each in verdicts]
    if judged:
        follow_verdicts(write, user_id, judged)
        record_changes(write, judged)
    return Done(len(verdicts), len(drawn), len(taggings), len(notes))


def _list(write: Session, import_id: int, rows: Sequence[tuple[str, int, int]]) -> None:
    if rows:
        write.execute(
            insert(LabelImportRow),
            [
                {"import_id": import_id, "kind": kind, "row_id": row_id, "image_id": image_id}
                for kind, row_id, image_id in rows
            ],
        )


def _notes(write: Session, user_id: int, matched: Sequence[Matched]) -> list[CounterfactualNote]:
    wanted = [(each.image_id, note) for each in matched for note in each.notes]
    if not wanted:
        return []
    rows = write.execute(
        select(CounterfactualNote.image_id, CounterfactualNote.text).where(
            CounterfactualNote.image_id.in_({image_id for image_id, _note in wanted}),
            CounterfactualNote.withdrawn_at.is_(None),
        )
    )
    standing = {(image_id, text) for image_id, text in rows}
    return [
        CounterfactualNote(image_id=image_id, user_id=user_id, **note)
        for image_id, note in wanted
        if (image_id, note["text"]) not in standing
    ]


def _regions(write: Session, matched: Sequence[Matched]) -> list[_Lying]:
    """The regions of masks, those that are there or new ones."""
    masks = {
        each.image_id: [place.normal for place, _tags in each.regions if place.normal.area]
        for each in matched
        if each.regions
    }
    if not masks:
        return []
    found = regions_of(write, masks)
    outside = _outside(write, matched)
    return [
        _Lying(each.image_id, region_id, place, tags)
        for each in matched
        for place, tags in each.regions
        if (
            region_id := found.get((each.image_id, place.normal.rle))
            if place.normal.area
            else outside[each.image_id, place.size, place.full.rle]
        )
    ]


def _outside(
    write: Session, matched: Sequence[Matched]
) -> dict[tuple[int, tuple[int, int], str], int]:
    """Regions outside of the analysed square, which are told apart by what was drawn alone."""
    wanted = {
        (each.image_id, place.size, place.full.rle): place
        for each in matched
        for place, _tags in each.regions
        if not place.normal.area
    }
    if not wanted:
        return {}
    known = known_regions(write, sorted({image_id for image_id, _size, _rle in wanted}))
    found = {}
    for key, place in wanted.items():
        image_id, size, rle = key
        same = write.scalar(
            select(DrawnRegion.region_id).where(
                DrawnRegion.region_id.in_(known[image_id]),
                DrawnRegion.picture_width == size[0],
                DrawnRegion.picture_height == size[1],
                DrawnRegion.left == place.full.left,
                DrawnRegion.top == place.full.top,
                DrawnRegion.rle == rle,
            )
        )
        found[key] = same or new_region(write, image_id, place.normal, known[image_id])
    return found


def _drawn(write: Session, user_id: int, lying: Sequence[_Lying]) -> dict[int, DrawnRegion]:
    """A drawing for each region that neither a version found nor anybody has drawn."""
    ids = select(listed(write, [each.region_id for each in lying]))
    shown = set(
        write.scalars(select(PixelGroup.region_id).where(PixelGroup.region_id.in_(ids)))
    ) | set(
        write.scalars(
            select(DrawnRegion.region_id).where(
                DrawnRegion.region_id.in_(ids), DrawnRegion.withdrawn_at.is_(None)
            )
        )
    )
    return {
        each.region_id: DrawnRegion(
            region_id=each.region_id,
            user_id=user_id,
            tool=each.placed.tool,
            picture_width=each.placed.size[0],
            picture_height=each.placed.size[1],
            **asdict(each.placed.full),
        )
        for each in lying
        if each.region_id not in shown
    }


def _taggings(write: Session, user_id: int, lying: Sequence[_Lying]) -> list[tuple[Tagging, int]]:
    tags: dict[str, int] = {}
    for each in lying:
        for tag in each.tags:
            if tag.name not in tags:
                tags[tag.name] = tag_named(write, user_id, tag.name).id
    ids = select(listed(write, [each.region_id for each in lying]))
    standing: defaultdict[int, set[int]] = defaultdict(set)
    for region_id, tag_id in write.execute(
        select(Tagging.region_id, Tagging.tag_id).where(
            Tagging.region_id.in_(ids), Tagging.withdrawn_at.is_(None)
        )
    ):
        standing[region_id].add(tag_id)
    found: list[tuple[Tagging, int]] = []
    for each in lying:
        for tag in each.tags:
            if tags[tag.name] in standing[each.region_id]:
                continue
            standing[each.region_id].add(tags[tag.name])
            row = _tagging(user_id, tags, each, tag)
            found.append((row, each.image_id))
    return found


def _tagging(user_id: int, tags: Mapping[str, int], lying: _Lying, tag: IncomingTag) -> Any:
    return Tagging(
        tag_id=tags[tag.name],
        region_id=lying.region_id,
        user_id=user_id,
        reason=tag.finding.reason,
        severity=tag.finding.severity,
    )
