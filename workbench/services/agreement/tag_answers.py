"""What people say of each tag on each image: it is there, it is not, or nothing.

*There*: they put it on a region of the image, or checked that it fits one. *Not there*: they said
that it does not fit a region, or dismissed it, and put it on no other; or they looked at the image,
once the tag was in the taxonomy, and were silent. Silence counts only up to when the tag stood on
the image by somebody else: then they saw it there, and could not put it on the same region again.
What was put on a pattern or on a selection is nobody's answer on a single image.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import case, func, literal, select, union_all

from workbench.analysis.agreement.answers import Answers
from workbench.services.agreement.compared import Compared, Person, named
from workbench.services.agreement.looks import ALWAYS, Ids, Looks, Times, instant, looks
from workbench.services.columns.store import ColumnStore
from workbench.services.tagged.groups import OnMany, on_many
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.judgements import DismissedSuggestion, Tag, TagCheck, Tagging
from workbench.store.regions import Region

WORDS = ("no", "yes")
"""The answers: whether the tag is on the image."""
MOST_TAGS = 40


@dataclass(frozen=True)
class ComparedTag:
    """A tag of the taxonomy, and what people say of it on the images that two or more spoke of."""

    id: int
    name: str
    hue: int | None
    state: str
    compared: Compared


@dataclass(frozen=True)
class _Acts:
    """What people said of one tag by an act. put: by putting it on a region, else by an answer."""

    images: Ids
    people: Ids
    fits: NDArray[np.bool_]
    put: NDArray[np.bool_]
    at: Times


def tags(collection_id: int, store: ColumnStore | None) -> tuple[ComparedTag, ...]:
    """The tags that people put on most images, with what everybody says of them.

    `store` is of the version whose patterns tell what bears a tag without anybody having said so.
    Four queries, and those of `on_many`.
    """
    by_tag = _acts(collection_id)
    often = sorted(by_tag, key=lambda each: -int(by_tag[each].fits.sum()))[:MOST_TAGS]
    found = session().scalars(select(Tag).where(Tag.id.in_(often), Tag.withdrawn_at.is_(None)))
    standing = {tag.id: tag for tag in found}
    seen = looks(collection_id)
    people = {each.id: each for each in named(np.unique(seen.people).tolist())}
    many = _by_tag(on_many(store, often)) if store and often else {}
    return tuple(
        ComparedTag(
            tag.id,
            tag.name,
            tag.hue,
            tag.state,
            _compared(
                seen,
                by_tag[tag_id],
                instant(tag.created_at),
                _limits(
                    seen,
                    by_tag[tag_id],
                    _first_on_many(store, many.get(tag_id, ())) if store else (),
                ),
                people,
            ),
        )
        for tag_id in often
        if (tag := standing.get(tag_id))
    )


def _acts(collection_id: int) -> dict[int, _Acts]:
    newest = (
        select(func.max(TagCheck.id))
        .where(TagCheck.withdrawn_at.is_(None))
        .group_by(TagCheck.tagging_id, TagCheck.region_id, TagCheck.user_id)
    )
    of_collection = (Image, (Image.id == Region.image_id) & (Image.collection_id == collection_id))
    put = (
        select(
            Tagging.tag_id,
            Region.image_id,
            Tagging.user_id,
            literal(1).label("fits"),
            literal(1).label("put"),
            Tagging.created_at,
        )
        .join(Region, Region.id == Tagging.region_id)
        .join(*of_collection)
        .where(Tagging.withdrawn_at.is_(None))
    )
    checked = (
        select(
            Tagging.tag_id,
            Region.image_id,
            TagCheck.user_id,
            case((TagCheck.fits, 1), else_=0),
            literal(0),
            TagCheck.created_at,
        )
        .select_from(TagCheck)
        .join(Tagging, (Tagging.id == TagCheck.tagging_id) & Tagging.withdrawn_at.is_(None))
        .join(Region, Region.id == TagCheck.region_id)
        .join(*of_collection)
        .where(TagCheck.id.in_(newest))
    )
    dismissed = (
        select(
            DismissedSuggestion.tag_id,
            Region.image_id,
            DismissedSuggestion.user_id,
            literal(0),
            literal(0),
            DismissedSuggestion.created_at,
        )
        .join(Region, Region.id == DismissedSuggestion.region_id)
        .join(*of_collection)
        .where(DismissedSuggestion.withdrawn_at.is_(None))
    )
    rows: defaultdict[int, list[tuple[int, int, int, int, datetime]]] = defaultdict(list)
    for tag_id, *act in session().execute(union_all(put, checked, dismissed)):
        rows[tag_id].append(tuple(act))
    return {tag_id: _as_arrays(some) for tag_id, some in rows.items()}


def _as_arrays(rows: Sequence[tuple[int, int, int, int, datetime]]) -> _Acts:
    images, people, fits, put = np.array([row[:4] for row in rows], np.int64).T
    at = np.array([instant(row[4]) for row in rows], "M8[us]")
    return _Acts(images, people, fits.astype(np.bool_), put.astype(np.bool_), at)


def _by_tag(many: Sequence[OnMany]) -> dict[int, list[OnMany]]:
    found: defaultdict[int, list[OnMany]] = defaultdict(list)
    for each in many:
        found[each.view.tag_id].append(each)
    return found


def _first_on_many(
    store: ColumnStore, many: Sequence[OnMany]
) -> Iterator[tuple[Ids, np.datetime64]]:
    """The images that each act on many put the tag on, ascending, and when."""
    for each in many:
        yield store.image_ids[each.rows], instant(each.view.at)


def _limits(seen: Looks, acts: _Acts, on_many_at: Iterable[tuple[Ids, np.datetime64]]) -> Times:
    """By pair of image and person: when the tag first stood on the image by somebody else."""
    limits = np.full(len(seen.images), ALWAYS)
    put = np.flatnonzero(acts.put)
    put = put[np.argsort(acts.at[put], kind="stable")]
    images, people, at = acts.images[put], acts.people[put], acts.at[put]
    tagged, first = np.unique(images, return_index=True)
    _lower(limits, seen, tagged, at[first], but=people[first])
    # Of who was the first themselves, the first of the others.
    others = people != people[first][np.searchsorted(tagged, images)]
    later, second = np.unique(images[others], return_index=True)
    _lower(limits, seen, later, at[others][second])
    for some, when in on_many_at:
        _lower(limits, seen, some, np.full(len(some), when))
    return limits


def _lower(limits: Times, seen: Looks, images: Ids, at: Times, but: Ids | None = None) -> None:
    """Lower the limits on these images, ascending, but for one person on each."""
    if not len(images):
        return
    index = np.minimum(np.searchsorted(images, seen.images), len(images) - 1)
    concerned = images[index] == seen.images
    if but is not None:
        concerned &= seen.people != but[index]
    limits[concerned] = np.minimum(limits[concerned], at[index[concerned]])


def _compared(
    seen: Looks,
    acts: _Acts,
    created: np.datetime64,
    limits: Times,
    people: dict[int, Person],
) -> Compared:
    answer = np.full(len(seen.images), -1)
    silent = (seen.at >= created) & (seen.at < limits[seen.pair])
    answer[seen.pair[silent]] = WORDS.index("no")
    pair = seen.pair_of(acts.images, acts.people)
    answer[pair[~acts.fits]] = WORDS.index("no")
    answer[pair[acts.fits]] = WORDS.index("yes")
    spoke = np.flatnonzero(answer >= 0)
    images, times = np.unique(seen.images[spoke], return_counts=True)
    spoke = spoke[np.isin(seen.images[spoke], images[times >= 2])]
    image_ids, first, unit = np.unique(seen.images[spoke], return_index=True, return_inverse=True)
    codes, person = np.unique(seen.people[spoke], return_inverse=True)
    days = np.full(len(image_ids), np.datetime64("0001-01-01", "D"))
    np.maximum.at(days, unit, seen.last[spoke].astype("datetime64[D]"))
    groups = np.unique(seen.groups[spoke][first], return_inverse=True)[1]
    return Compared(
        Answers(unit, person, answer[spoke], groups, len(WORDS)),
        image_ids,
        tuple(people[int(each)] for each in codes),
        WORDS,
        days,
    )
