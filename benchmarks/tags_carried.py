"""Do tags stay on what people put them on, over two retrains? On planted patterns.

A made-up annotator, who knows what was planted where, tags every pattern most of whose pixel groups
show one kind, and every other pixel group that lies on a planted region. Then a twentieth of the
labels is overturned and the detector retrained, twice.

A pixel group shows a kind where more than half of it lies on the region that was planted with it;
a pattern, where more than half of its groups do.

`tags_carried`: of the pixel groups of the last version that show a kind, and a tenth of which or
more lies on regions that bore the kind's tag under the first, and of the patterns that show a kind
that was tagged: the share that bears the tag. `tags_in_image`: the same of all pixel groups that
show a kind in an image where it was tagged, also where nobody had tagged anything.
`tags_right`: of the pixel groups that bear a tag under the last version, the share that shows its
kind; `tags_right_before`: the same under the first. `lost`: images that bear a tag under the first
version and not under the last. `doubled`: tags listed twice on one pixel group, and taggings that
nobody put on.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from benchmarks.command import Figures
from benchmarks.loop_truth import UNMEASURED, analysed, listed
from benchmarks.planted import FIVE, Planted, planted
from benchmarks.temporary import temporary_workbench
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions.overlap import TOUCHES, covered
from workbench.analysis.regions.pixel_groups import decode_mask
from workbench.config import Settings
from workbench.services.accounts import add_user
from workbench.services.columns.store import column_store
from workbench.services.image.detail import image_detail
from workbench.services.imports.run import import_images
from workbench.services.pipeline import executor
from workbench.services.progress import Silent
from workbench.services.review import tags, verdicts
from workbench.services.runs import queue
from workbench.services.tagged.groups import tagged_groups
from workbench.services.tagged.pattern_tags import UNNAMED, tags_of_patterns
from workbench.services.workspaces import workspace
from workbench.store.database import db, session
from workbench.store.images import Image
from workbench.store.judgements import Tagging
from workbench.store.results import Pattern, PixelGroup
from workbench.store.versions import ActiveVersion

OVERTURNED = 0.05
RETRAINS = 2
NAME = "planted"


@dataclass(frozen=True)
class _Shown:
    """What a version's pixel groups and patterns show, by id; only of those that show a kind."""

    groups: dict[int, str]
    image_of: dict[int, int]
    """Of every pixel group."""
    patterns: dict[int, str]


def carried(*, quick: bool) -> Figures:
    """Tag, retrain twice, look again."""
    truth = planted(FIVE, quick=quick)
    with temporary_workbench() as base:
        settings = base.model_copy(update=UNMEASURED)
        nothing = np.zeros(len(truth.pictures), np.bool_)
        manifest = listed(list(truth.pictures), nothing, settings.data_dir / "planted.csv")
        import_images(manifest, collection=NAME, settings=settings, progress=Silent())
        collection_id = workspace(NAME).collection.id
        first = analysed(collection_id, settings)
        user_id = add_user("annotator", "a password of some length", "developer").id
        index_of = _indexes(truth, collection_id)
        before = _shown(first, truth, index_of)
        put = _tag(user_id, before)
        bore = _bearing(first)
        images_before = _images(first)
        right_before = _right(first, before)
        last = first
        shuffled = np.random.default_rng(0).permutation(sorted(index_of))
        for some in np.array_split(shuffled, round(1 / OVERTURNED))[:RETRAINS]:
            _overturn(user_id, last, some.tolist())
            last = _retrained(user_id, collection_id, settings)
        after = _shown(last, truth, index_of)
        return {
            "tags_carried": _carried(last, before, after, _touching(last, bore)),
            "tags_in_image": _carried(last, before, after, _in_images(before, after)),
            "tags_right": _right(last, after),
            "tags_right_before": right_before,
            "lost": len(images_before - _images(last)),
            "doubled": _doubled(last, after, put),
            "tagged": put,
            "carried_images": len(truth.pictures),
        }


def _indexes(truth: Planted, collection_id: int) -> dict[int, int]:
    """Which picture each image is."""
    by_uri = {each.path.resolve().as_uri(): at for at, each in enumerate(truth.pictures)}
    rows = session().execute(
        select(Image.id, Image.original_uri).where(Image.collection_id == collection_id)
    )
    return {image_id: by_uri[uri] for image_id, uri in rows}


def _shown(version_id: int, truth: Planted, index_of: dict[int, int]) -> _Shown:
    groups: dict[int, str] = {}
    image_of: dict[int, int] = {}
    members: Counter[int] = Counter()
    kinds: dict[int, Counter[str]] = {}
    masks: dict[int, NDArray[np.bool_]] = {}
    query = select(PixelGroup).where(PixelGroup.version_id == version_id)
    for group in session().scalars(query.order_by(PixelGroup.image_id)):
        image_of[group.id] = group.image_id
        index = index_of[group.image_id]
        if group.image_id not in masks:
            masks = {group.image_id: truth.mask(index, NORMAL_SIZE, NORMAL_SIZE)}
        lies = decode_mask(group.region.rle, NORMAL_SIZE) > 0
        kind = str(truth.kinds[index])
        if kind and masks[group.image_id][lies].mean() > 0.5:
            groups[group.id] = kind
        if group.pattern_id is not None:
            members[group.pattern_id] += 1
            kinds.setdefault(group.pattern_id, Counter())[groups.get(group.id, "")] += 1
    patterns = {
        pattern_id: kind
        for pattern_id, some in kinds.items()
        for kind, count in some.items()
        if kind and 2 * count > members[pattern_id]
    }
    return _Shown(groups, image_of, patterns)


def _tag(user_id: int, shown: _Shown) -> int:
    """Put every tag on; how many."""
    for pattern_id, kind in shown.patterns.items():
        tags.tag_pattern(user_id, pattern_id, kind)
    named = set(
        session().scalars(
            select(PixelGroup.id)
            .join(Pattern, Pattern.id == PixelGroup.pattern_id)
            .where(Pattern.id.in_(shown.patterns))
        )
    )
    by_hand = {group_id: kind for group_id, kind in shown.groups.items() if group_id not in named}
    for group_id, kind in by_hand.items():
        tags.tag_group(user_id, group_id, kind)
    return len(shown.patterns) + len(by_hand)


def _overturn(user_id: int, version_id: int, image_ids: list[int]) -> None:
    for image_id in image_ids:
        label = session().get_one(Image, image_id).label
        verdicts.give_verdict(user_id, image_id, version_id, "real" if label == "fake" else "fake")


def _retrained(user_id: int, collection_id: int, settings: Settings) -> int:
    claim = queue.claim(queue.request_retrain(user_id, collection_id).id, "benchmark:1:1")
    if claim is None or executor.execute(db.engine, claim, settings) != "succeeded":
        raise RuntimeError("the retrain did not succeed")
    session().rollback()
    return session().get_one(ActiveVersion, collection_id).version_id


def _bearing(version_id: int) -> dict[str, set[int]]:
    """The pixel groups that bear each tag."""
    store = column_store(version_id)
    return {
        each.tag: set(store.pixel_group_ids[each.groups].tolist())
        for each in tagged_groups(store).values()
    }


def _images(version_id: int) -> set[tuple[str, int]]:
    store = column_store(version_id)
    return {
        (each.tag, image_id)
        for each in tagged_groups(store).values()
        for image_id in store.image_ids[each.rows].tolist()
    }


def _touching(version_id: int, bore: dict[str, set[int]]) -> set[tuple[str, int]]:
    """The pixel groups that lie on regions that bore a tag, by the tag; a tenth is enough."""
    found = set()
    of_group = {
        each.id: (each.image_id, each.region.rle)
        for each in session().scalars(select(PixelGroup).options(joinedload(PixelGroup.region)))
    }
    later: defaultdict[int, list[int]] = defaultdict(list)
    for group_id in session().scalars(
        select(PixelGroup.id).where(PixelGroup.version_id == version_id)
    ):
        later[of_group[group_id][0]].append(group_id)
    for tag, groups in bore.items():
        for group_id in groups:
            image_id, rle = of_group[group_id]
            there = later[image_id]
            shares = covered([of_group[each][1] for each in there], [rle], NORMAL_SIZE)
            found |= {(tag, there[row]) for row in np.flatnonzero(shares >= TOUCHES)}
    return found


def _in_images(before: _Shown, after: _Shown) -> set[tuple[str, int]]:
    """The pixel groups of images in which somebody tagged something, by the tag."""
    tagged = {(kind, before.image_of[group_id]) for group_id, kind in before.groups.items()}
    return {
        (kind, group_id)
        for group_id, image_id in after.image_of.items()
        for kind in set(before.groups.values())
        if (kind, image_id) in tagged
    }


def _carried(version_id: int, before: _Shown, after: _Shown, among: set[tuple[str, int]]) -> float:
    bearing = _bearing(version_id)
    named = tags_of_patterns(column_store(version_id))
    found = [
        group_id in bearing.get(kind, ())
        for group_id, kind in after.groups.items()
        if (kind, group_id) in among
    ]
    found += [
        kind in {each.tag for each in named.get(pattern_id, UNNAMED).tags}
        for pattern_id, kind in after.patterns.items()
        if kind in before.patterns.values()
    ]
    return float(np.mean(found))


def _right(version_id: int, shown: _Shown) -> float:
    """Tags of patterns are on all of their groups, also on those that show something else."""
    found = [
        shown.groups.get(group_id) == kind
        for kind, groups in _bearing(version_id).items()
        for group_id in groups
    ]
    return float(np.mean(found))


def _doubled(version_id: int, shown: _Shown, put: int) -> int:
    standing = session().scalar(
        select(func.count()).select_from(Tagging).where(Tagging.withdrawn_at.is_(None))
    )
    listed_twice = 0
    for image_id in sorted(set(shown.image_of.values())):
        for group in image_detail(version_id, image_id).groups:
            given = Counter((each.tag, each.source) for each in group.tags)
            listed_twice += sum(count - 1 for count in given.values())
    return listed_twice + (standing or 0) - put
