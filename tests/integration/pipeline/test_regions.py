"""Versions share the regions of the masks that they find; overlaps tell which others are alike."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import func, select

from tests.support.working import retrain
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions.overlap import TOUCHES
from workbench.analysis.regions.pixel_groups import decode_mask
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.removal.versions import remove_version
from workbench.services.review import verdicts
from workbench.services.workspaces import Workspace
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.regions import Region, RegionOverlap
from workbench.store.results import PixelGroup
from workbench.store.versions import ActiveVersion

pytestmark = pytest.mark.analysed


@pytest.fixture
def retrained(analysed: Workspace, version_id: int, ada: Account, settings: Settings) -> int:
    """A second version, by some labels that were overturned."""
    wrong = session().scalars(
        select(Image.id).where(
            Image.collection_id == analysed.collection.id,
            Image.name.in_([f"real-{number:03}.png" for number in range(3)]),
        )
    )
    for image_id in wrong.all():
        verdicts.give_verdict(ada.id, image_id, version_id, "fake", seen=0)
    retrain(ada.id, analysed.collection.id, settings)
    session().rollback()
    active = session().get_one(ActiveVersion, analysed.collection.id)
    assert active.version_id != version_id
    return active.version_id


def groups_of(version_id: int) -> list[PixelGroup]:
    return list(session().scalars(select(PixelGroup).where(PixelGroup.version_id == version_id)))


def masks(regions: list[Region]) -> np.ndarray:
    return np.array([decode_mask(each.rle, NORMAL_SIZE) > 0 for each in regions])


def test_a_retrain_refers_to_the_regions_that_are_there_and_adds_those_that_are_new(
    version_id: int, retrained: int
) -> None:
    first, second = groups_of(version_id), groups_of(retrained)

    for each in (*first, *second):
        assert each.region.image_id == each.image_id
    shared = {each.region_id for each in first} & {each.region_id for each in second}
    assert shared, "most of what two versions find is the same"
    pairs = select(Region.image_id, Region.rle)
    assert session().scalar(select(func.count()).select_from(Region)) == len(
        set(session().execute(pairs).tuples())
    ), "a mask of an image is one region"


def test_overlaps_are_those_of_the_masks_between_versions(version_id: int, retrained: int) -> None:
    first, second = (
        {each.region_id: each.region for each in groups_of(one)} for one in (version_id, retrained)
    )
    expected = {}
    for image_id in {each.image_id for each in first.values()}:
        old = [each for each in first.values() if each.image_id == image_id]
        new = [
            each for each in second.values() if each.image_id == image_id and each.id not in first
        ]
        if not (old and new):
            continue
        a, b = masks(old)[:, None], masks(new)[None]
        both, iou = (a & b).sum(axis=(2, 3)), (a & b).sum(axis=(2, 3)) / (a | b).sum(axis=(2, 3))
        for row, column in np.ndindex(both.shape):
            pair = old[row], new[column]
            for one, other in (pair, pair[::-1]):
                of_one = both[row, column] / one.area
                if of_one >= TOUCHES:
                    expected[one.id, other.id] = of_one, iou[row, column]
    assert expected, "some groups have changed"

    overlapping = session().scalars(select(RegionOverlap))
    found = {(each.region_id, each.other_id): (each.share, each.iou) for each in overlapping}
    of_both = {pair: shared for pair, shared in found.items() if {*pair} <= {*first, *second}}
    assert of_both.keys() == expected.keys()
    for pair, shared in of_both.items():
        assert shared == pytest.approx(expected[pair])


def test_a_removed_version_takes_the_regions_that_nothing_else_refers_to(
    version_id: int, retrained: int, settings: Settings, ada: Account
) -> None:
    of_second = {each.region_id for each in groups_of(retrained)}
    alone = {each.region_id for each in groups_of(version_id)} - of_second
    assert alone

    remove_version("pictures", 1, ada.id, settings)

    left = set(session().scalars(select(Region.id)))
    assert of_second <= left
    assert not alone & left
    overlapping = select(RegionOverlap.region_id, RegionOverlap.other_id)
    assert {each for pair in session().execute(overlapping) for each in pair} <= left
