"""Home, models and overview count a version's images alike."""

from __future__ import annotations

import pytest

from tests.support.choosing import chosen
from workbench.services.accounts import Account
from workbench.services.columns.store import column_store
from workbench.services.explore.grid import overview
from workbench.services.models.version_images import VersionImages, images_of
from workbench.services.models.versions import versions
from workbench.services.review.verdicts import give_verdict
from workbench.services.training.dataset import freeze
from workbench.services.workspaces import Workspace, collections
from workbench.store.database import transaction
from workbench.store.images import LABELS, Collection
from workbench.store.versions import ModelVersion

pytestmark = pytest.mark.analysed

DECIDED = ("fake", "unsure", "unsure", "exclude", "exclude", "exclude")


@pytest.fixture
def counted(analysed: Workspace, version_id: int, ada: Account) -> VersionImages:
    """The images of a version that was trained on some decisions."""
    columns = column_store(version_id)
    reals = columns.image_ids[columns.imported_labels == LABELS.index("real")]
    for image_id, decision in zip(reals, DECIDED, strict=False):
        give_verdict(ada.id, int(image_id), version_id, decision)
    frozen = freeze(analysed.collection.id)
    with transaction() as write:
        write.get_one(ModelVersion, version_id).dataset_id = frozen.id
    return images_of([version_id])[version_id]


def test_excluded_and_unsure_images_are_among_those_that_are_shown(
    version_id: int, counted: VersionImages
) -> None:
    assert (counted.overturned, counted.unsure, counted.excluded) == (1, 2, 3)
    assert counted.images == counted.real + counted.fake
    shown = overview(chosen(version_id), 0, None)
    assert counted.images == shown.images == shown.whole == chosen(version_id).total


def test_home_and_models_say_the_same(
    analysed: Workspace, version_id: int, counted: VersionImages
) -> None:
    with transaction() as write:
        write.get_one(Collection, analysed.collection.id).real += 2

    at_home = next(each for each in collections() if each.id == analysed.collection.id)
    [row] = [each for each in versions(analysed.collection.id) if each.summary.id == version_id]

    assert at_home.analysed == row.images == counted
    assert at_home.imported_since == 2
    assert images_of([]) == {}
