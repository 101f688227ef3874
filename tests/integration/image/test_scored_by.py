"""Which head an image's score is said to come from, by what the version was trained on."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select, update

from workbench.services.image.detail import ScoredBy, image_detail
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.results import Prediction
from workbench.store.versions import CuratedItem, ModelVersion

pytestmark = pytest.mark.analysed


def any_image(version_id: int, *, held_out: bool) -> Prediction:
    query = (
        select(Prediction)
        .join(Image)
        .where(Prediction.version_id == version_id, Image.held_out.is_(held_out))
    )
    return session().scalars(query.limit(1)).one()


def test_a_training_image_is_scored_by_its_fold_and_a_held_out_one_by_the_final_head(
    version_id: int,
) -> None:
    trained, tested = (any_image(version_id, held_out=each) for each in (False, True))
    folds = session().get_one(ModelVersion, version_id).metrics["folds"]["count"]
    assert trained.fold is not None

    found = [image_detail(version_id, each.image_id).scored_by for each in (trained, tested)]

    assert found[0] == ScoredBy(trained.fold, folds, trained_on_it=False)
    assert found[1] == ScoredBy(None, folds, trained_on_it=False)


def test_a_version_from_before_says_that_its_head_knows_its_training_images(
    version_id: int,
) -> None:
    tested = any_image(version_id, held_out=True)
    dataset_id = session().get_one(ModelVersion, version_id).dataset_id
    known, excluded = session().scalars(
        select(Prediction.image_id)
        .join(Image)
        .where(Prediction.version_id == version_id, Image.held_out.is_(False))
        .limit(2)
    )
    with transaction() as write:
        write.execute(
            update(Prediction).where(Prediction.version_id == version_id).values(fold=None)
        )
        write.execute(
            delete(CuratedItem).where(
                CuratedItem.dataset_id == dataset_id, CuratedItem.image_id == excluded
            )
        )
        version = write.get_one(ModelVersion, version_id)
        version.metrics = {
            name: each
            for name, each in version.metrics.items()
            if name not in ("folds", "cross_validated", "held_out_as_imported")
        }

    assert image_detail(version_id, known).scored_by == ScoredBy(None, 0, trained_on_it=True)
    for other in (excluded, tested.image_id):
        assert image_detail(version_id, other).scored_by == ScoredBy(None, 0, trained_on_it=False)
