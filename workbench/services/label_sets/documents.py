"""What a label set keeps of an image beside its label: answers, regions with their tags, notes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import aliased

from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.services.review import tag_checks
from workbench.services.review.decisions import Answer, Answers
from workbench.store.database import session
from workbench.store.id_lists import listed
from workbench.store.images import Image
from workbench.store.judgements import CounterfactualNote, Tag, TaggedRegion, Tagging
from workbench.store.people import User
from workbench.store.regions import DrawnRegion, Region
from workbench.store.results import PixelGroup

Document = dict[str, Any]
NOTE_FIELDS = (
    *("edit", "p_before", "p_after", "delta_logit"),
    *("control_mean", "control_spread", "control_low", "control_high"),
    *("expectation", "bound", "text"),
)
"""Of a note, as they stand in its row."""


_DRAWN = (
    DrawnRegion.tool,
    DrawnRegion.rle,
    DrawnRegion.area,
    DrawnRegion.picture_width,
    DrawnRegion.picture_height,
    DrawnRegion.left,
    DrawnRegion.top,
    DrawnRegion.width,
    DrawnRegion.height,
)


def moment(at: datetime) -> str:
    """A time as it is written: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat()


def answers_document(answers: Answers | None) -> Document:
    """Verdicts that count, the oldest first, and the adjudication."""
    if answers is None:
        return {"verdicts": [], "adjudication": None}
    found = answers.adjudication
    return {
        "verdicts": [_answer(each) for each in answers.verdicts],
        "adjudication": {**_answer(found), "by_majority": found.by_majority} if found else None,
    }


def _answer(said: Answer) -> Document:
    return {
        "decision": said.decision,
        "by": said.by,
        "at": moment(said.at),
        "reason": said.reason,
        "wrong_reason": said.wrong_reason,
    }


def regions_of(collection_id: int) -> dict[int, list[Document]]:
    """The tagged and the drawn regions of a collection, by image; five queries."""
    tags: defaultdict[int, list[Document]] = defaultdict(list)
    for region_id, tag in _taggings(collection_id):
        tags[region_id].append(tag)
    found: defaultdict[int, list[Document]] = defaultdict(list)
    for region_id, image_id, shape in _shapes(collection_id, list(tags)):
        found[image_id].append({**shape, "tags": tags.get(region_id, [])})
    return found


def _shapes(collection_id: int, tagged: Sequence[int]) -> Iterator[tuple[int, int, Document]]:
    """Each region that is tagged or drawn: as it was drawn, where it was, else over the square."""
    rows = session().execute(
        select(Region.id, Region.image_id, Region.rle, Region.area, *_DRAWN)
        .join(Image, Image.id == Region.image_id)
        .outerjoin(
            DrawnRegion,
            (DrawnRegion.region_id == Region.id) & DrawnRegion.withdrawn_at.is_(None),
        )
        .where(
            Image.collection_id == collection_id,
            Region.id.in_(select(listed(session(), tagged))) | DrawnRegion.id.is_not(None),
        )
        .order_by(Region.id)
    )
    for region_id, image_id, rle, area, *drawn in rows:
        shape = _over_the_square(rle, area) if drawn[0] is None else _as_drawn(*drawn)
        yield region_id, image_id, shape


def _over_the_square(rle: str, area: int) -> Document:
    return {
        "on": "square",
        "size": [NORMAL_SIZE, NORMAL_SIZE],
        "box": [0, 0, NORMAL_SIZE, NORMAL_SIZE],
        "rle": rle,
        "area": area,
        "drawn_with": None,
    }


def _as_drawn(tool: str, rle: str, area: int, *at: int) -> Document:
    return {
        "on": "picture",
        "size": list(at[:2]),
        "box": list(at[2:]),
        "rle": rle,
        "area": area,
        "drawn_with": tool,
    }


def _taggings(collection_id: int) -> Iterator[tuple[int, Document]]:
    """Each standing tag with each region that it is on; not where a check rejected it."""
    rejected = tag_checks.rejected(
        exists().where(Image.id == Region.image_id, Image.collection_id == collection_id)
    )
    for how, query in _ways(collection_id).items():
        for tagging_id, region_id, tag_id, name, by, at, reason, severity in session().execute(
            query
        ):
            if region_id not in rejected.get(tagging_id, ()):
                yield (
                    region_id,
                    {
                        "tag": name,
                        "tag_id": tag_id,
                        "by": by,
                        "at": moment(at),
                        "put_on": how,
                        "reason": reason,
                        "severity": severity,
                    },
                )


def _ways(collection_id: int) -> Mapping[str, Select[Any]]:
    """How a tag comes on a region: put on it, on several at once, or on a pattern that it is of."""
    region = aliased(Region)
    columns = (Tag.id, Tag.name, User.name, Tagging.created_at, Tagging.reason, Tagging.severity)

    def on(region_id: Any, *joins: tuple[Any, Any]) -> Select[Any]:
        query = select(Tagging.id, region_id, *columns).select_from(Tagging)
        for table, condition in joins:
            query = query.join(table, condition)
        return (
            query.join(region, region.id == region_id)
            .join(Image, Image.id == region.image_id)
            .join(Tag, Tag.id == Tagging.tag_id)
            .join(User, User.id == Tagging.user_id)
            .where(Image.collection_id == collection_id, Tagging.withdrawn_at.is_(None))
            .order_by(Tagging.id)
        )

    return {
        "region": on(Tagging.region_id),
        "selection": on(
            TaggedRegion.region_id, (TaggedRegion, TaggedRegion.tagging_id == Tagging.id)
        ),
        "pattern": on(
            PixelGroup.region_id, (PixelGroup, PixelGroup.pattern_id == Tagging.pattern_id)
        ),
    }


def notes_of(collection_id: int) -> dict[int, list[Document]]:
    """The standing counterfactual notes of a collection, by image."""
    rows = session().execute(
        select(CounterfactualNote, User.name)
        .join(User, User.id == CounterfactualNote.user_id)
        .join(Image, Image.id == CounterfactualNote.image_id)
        .where(Image.collection_id == collection_id, CounterfactualNote.withdrawn_at.is_(None))
        .order_by(CounterfactualNote.id)
    )
    found: defaultdict[int, list[Document]] = defaultdict(list)
    for note, by in rows:
        said = {name: getattr(note, name) for name in NOTE_FIELDS}
        found[note.image_id].append({"by": by, "at": moment(note.created_at), **said})
    return found
