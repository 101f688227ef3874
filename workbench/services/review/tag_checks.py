"""Whether a pattern's tag fits the groups that inherit it: people check a random sample of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from flask_babel import gettext, lazy_gettext
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from workbench.services import app_settings, visibility
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.models.patterns import find_pattern
from workbench.services.models.versions import is_finished
from workbench.services.review.tags import TaggingView, taggings_of_patterns
from workbench.services.review.withdrawal import Words, withdraw_own
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.judgements import TagCheck, TaggedRegion, Tagging
from workbench.store.regions import Region, RegionOverlap
from workbench.store.results import PixelGroup

SAMPLE = 24
WITHDRAWAL = Words(
    gone=lazy_gettext("This answer is already withdrawn."),
    not_own=lazy_gettext("Only its author can withdraw this answer."),
)


@dataclass(frozen=True)
class Answer:
    """What somebody said of one group."""

    id: int
    fits: bool
    by: str
    at: datetime


@dataclass(frozen=True)
class Sampled:
    """A group of the sample. `contribution` is in logits, + toward fake."""

    group_id: int
    image_id: int
    contribution: float
    answer: Answer | None


@dataclass(frozen=True)
class Tally:
    """How many of the checked groups a tag does not fit, and what share of all that suggests.

    The interval is Wilson's of 95%; all three are None before anything was checked.
    """

    checked: int
    wrong: int
    share: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Check:
    """A tag of a pattern with the sample of the `groups` that inherit it."""

    tagging: TaggingView
    groups: int
    sample: tuple[Sampled, ...]
    tally: Tally


def check(version_id: int, pattern_id: int, tagging_id: int) -> Check:
    """The sample of a tag's groups and what was said of them.

    Raises NotFoundError for a pattern of another version, or a tag that it does not bear.
    """
    pattern = find_pattern(version_id, pattern_id)
    tagging = next(
        (
            each
            for each in taggings_of_patterns([pattern_id]).get(pattern_id, ())
            if each.id == tagging_id
        ),
        None,
    )
    if tagging is None:
        raise NotFoundError(gettext("This pattern does not have this tag, or it was withdrawn."))
    answers = _answers([tagging_id])[tagging_id]
    groups = session().execute(
        select(
            PixelGroup.id, PixelGroup.image_id, PixelGroup.contribution, PixelGroup.region_id
        ).where(PixelGroup.id.in_(_sample(pattern_id, tagging_id)))
    )
    return Check(
        tagging=tagging,
        groups=pattern.groups,
        sample=tuple(
            Sampled(group_id, image_id, contribution, _view(answers.get(region_id)))
            for group_id, image_id, contribution, region_id in groups
        ),
        tally=_tally(answers),
    )


def tallies(tagging_ids: Sequence[int]) -> dict[int, Tally]:
    """What was found of each of these tags of patterns. One query."""
    answers = _answers(tagging_ids)
    return {each: _tally(answers[each]) for each in tagging_ids}


def rejected(where: ColumnElement[bool]) -> dict[int, set[int]]:
    """The regions that tags of patterns and selections were rejected on, by tagging.

    `where` is on `TagCheck` and its `Region`. The newest standing answer on a region counts.
    """
    answers = session().execute(
        select(TagCheck.tagging_id, TagCheck.region_id, TagCheck.fits)
        .join(Region, Region.id == TagCheck.region_id)
        .where(where, TagCheck.withdrawn_at.is_(None))
        .order_by(TagCheck.id)
    )
    newest = {(tagging_id, region_id): fits for tagging_id, region_id, fits in answers}
    found: defaultdict[int, set[int]] = defaultdict(set)
    for (tagging_id, region_id), fits in newest.items():
        if not fits:
            found[tagging_id].add(region_id)
    return dict(found)


def answer(user_id: int, tagging_id: int, group_id: int, *, fits: bool) -> int:
    """Say whether a pattern's tag fits a group of the sample; returns the answer's id.

    One that does not fit is off that group's region, which then no longer inherits it.

    Raises NotFoundError for a tag that is gone or no pattern's, InvalidError for a group that is
    not in the sample: who picks groups to check would bias the share.
    """
    # Before the write lock is taken: a pattern may have a hundred thousand groups to draw from.
    if group_id not in _sample(_tagged_pattern(tagging_id), tagging_id):
        raise InvalidError(gettext("This pixel group is not in the sample."))
    region_id = session().get_one(PixelGroup, group_id).region_id
    with transaction() as write:
        _tagged_pattern(tagging_id)
        made = TagCheck(tagging_id=tagging_id, region_id=region_id, user_id=user_id, fits=fits)
        write.add(made)
        write.flush()
        return made.id


def take_off(user_id: int, tagging_id: int, group_id: int) -> int:
    """Say that a tag of a pattern, or of many regions, does not fit a group; the answer's id.

    The tag is off the group's region from here on, under every version. It does not count in the
    error rate, which is of groups that nobody picked. Raises NotFoundError for a tag or group that
    is gone or not seen, for a group that the tag is not on, and for a tag that was put on one
    region, which is withdrawn instead.
    """
    with transaction() as write:
        tagging = write.get(Tagging, tagging_id)
        group = write.get(PixelGroup, group_id)
        if tagging is None or tagging.withdrawn_at is not None or tagging.region_id is not None:
            raise NotFoundError(gettext("This tag was withdrawn."))
        if group is None or not is_finished(group.version_id):
            raise NotFoundError(gettext("Pixel group not found."))
        if not _is_on(write, tagging, group):
            raise NotFoundError(gettext("This pixel group does not have this tag."))
        made = TagCheck(
            tagging_id=tagging_id,
            region_id=group.region_id,
            user_id=user_id,
            fits=False,
            sampled=False,
        )
        write.add(made)
        write.flush()
        return made.id


def withdraw(user_id: int, check_id: int) -> None:
    """Take back an answer of one's own; the one before it counts again."""
    with transaction() as write:
        withdraw_own(write, user_id, TagCheck, check_id, WITHDRAWAL)


def check_restorable(write: Session, check: TagCheck) -> None:
    """Raise ConflictError where the tag was withdrawn, or the region was checked again since."""
    if write.get_one(Tagging, check.tagging_id).withdrawn_at is not None:
        raise ConflictError(gettext("This tag was withdrawn."))
    newer = write.scalar(
        select(TagCheck)
        .options(joinedload(TagCheck.user))
        .where(
            TagCheck.tagging_id == check.tagging_id,
            TagCheck.region_id == check.region_id,
            TagCheck.id > check.id,
            TagCheck.withdrawn_at.is_(None),
        )
        .order_by(TagCheck.id.desc())
        .limit(1)
    )
    if newer is not None:
        raise ConflictError(gettext("%(name)s has checked this since.", name=newer.user.name))


def _is_on(write: Session, tagging: Tagging, group: PixelGroup) -> bool:
    """Whether a pattern's tag, or one of many regions, is on a group, or on what it lies on.

    It is on nothing of a collection that is not seen.
    """
    if not visibility.sees(write.get_one(Image, group.image_id).collection_id):
        return False
    tagged = (
        select(TaggedRegion.region_id).where(TaggedRegion.tagging_id == tagging.id)
        if tagging.pattern_id is None
        else select(PixelGroup.region_id).where(
            PixelGroup.pattern_id == tagging.pattern_id, PixelGroup.image_id == group.image_id
        )
    )
    overlapped = select(RegionOverlap.other_id).where(RegionOverlap.region_id == group.region_id)
    found = select(Region.id).where(
        Region.id.in_(tagged), (Region.id == group.region_id) | Region.id.in_(overlapped)
    )
    return write.scalar(found.limit(1)) is not None


def _tagged_pattern(tagging_id: int) -> int:
    """The pattern with this tag. Raises NotFoundError for one that is gone or no pattern's."""
    tagging = session().get(Tagging, tagging_id, populate_existing=True)
    if tagging is None or tagging.withdrawn_at is not None or tagging.pattern_id is None:
        raise NotFoundError(gettext("This pattern does not have this tag, or it was withdrawn."))
    return tagging.pattern_id


def _sample(pattern_id: int, tagging_id: int) -> list[int]:
    """The groups to check: drawn once for all people, as a version's patterns never change."""
    ids = np.sort(
        np.array(
            session()
            .scalars(select(PixelGroup.id).where(PixelGroup.pattern_id == pattern_id))
            .all(),
            np.int64,
        )
    )
    random = np.random.default_rng((app_settings.settings().seed, tagging_id))
    drawn = random.choice(ids, min(SAMPLE, len(ids)), replace=False)
    return [int(each) for each in drawn]


def _answers(tagging_ids: Sequence[int]) -> defaultdict[int, dict[int, TagCheck]]:
    """The standing answer on each region of each tagging's sample."""
    found: defaultdict[int, dict[int, TagCheck]] = defaultdict(dict)
    for each in session().scalars(
        select(TagCheck)
        .options(joinedload(TagCheck.user))
        .where(
            TagCheck.tagging_id.in_(tagging_ids),
            TagCheck.withdrawn_at.is_(None),
            TagCheck.sampled,
        )
        .order_by(TagCheck.id)
    ):
        found[each.tagging_id][each.region_id] = each
    return found


def _view(found: TagCheck | None) -> Answer | None:
    return Answer(found.id, found.fits, found.user.name, found.created_at) if found else None


def _tally(answers: dict[int, TagCheck]) -> Tally:
    checked = len(answers)
    wrong = sum(not each.fits for each in answers.values())
    if not checked:
        return Tally(0, 0)
    from scipy.stats import binomtest  # noqa: PLC0415 - a second, which no command need wait for

    interval = binomtest(wrong, checked).proportion_ci(0.95, "wilson")
    return Tally(checked, wrong, wrong / checked, float(interval.low), float(interval.high))
