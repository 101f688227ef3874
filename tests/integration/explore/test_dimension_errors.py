"""A dimension's part in the errors, counted from what is stored of each image."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.support.choosing import chosen
from workbench.config import Settings
from workbench.services.errors import InvalidError
from workbench.services.explore.dimension_errors import PartInErrors, parts_in_errors
from workbench.services.explore.grid import overview
from workbench.services.models.arrays import all_activations, logit_weights_of
from workbench.store.database import session
from workbench.store.results import Prediction

pytestmark = pytest.mark.analysed


def slowly(version_id: int, dimension: int, image_ids: set[int], settings: Settings) -> tuple:
    ids, activations = all_activations(version_id, settings)
    weight = float(logit_weights_of(version_id, settings)[dimension])
    by_image = dict(zip(ids.tolist(), (weight * activations[:, dimension]).tolist(), strict=True))
    means: dict[str, list[float]] = {"fp": [], "fn": [], "right": []}
    mended = broken = 0
    for each in session().scalars(
        select(Prediction).where(
            Prediction.version_id == version_id, Prediction.image_id.in_(image_ids)
        )
    ):
        contribution = by_image[each.image_id]
        right_without = (each.logit - contribution > 0) == (each.label == "fake")
        kind = {"real_called_fake": "fp", "fake_called_real": "fn"}.get(each.outcome, "right")
        means[kind].append(contribution)
        mended += kind != "right" and right_without
        broken += kind == "right" and not right_without
    return means, mended, broken


def check(part: PartInErrors, expected: tuple) -> None:
    means, mended, broken = expected
    for found, values in zip(
        (part.false_positives, part.false_negatives, part.correct), means.values(), strict=True
    ):
        assert found.images == len(values)
        if values:
            assert found.mean == pytest.approx(sum(values) / len(values), abs=1e-4)
        else:
            assert found.mean is None
    assert (part.errors_right_without, part.correct_wrong_without) == (mended, broken)
    assert part.errors == len(means["fp"]) + len(means["fn"])


def test_over_all_images_each_dimension_has_its_part(version_id: int, settings: Settings) -> None:
    store = chosen(version_id).store
    ids = set(store.image_ids.tolist())

    for dimension in range(len(store.activations)):
        (part,) = parts_in_errors(chosen(version_id), dimension, None, None)
        check(part, slowly(version_id, dimension, ids, settings))
    assert part.errors > 0


def test_two_cells_have_a_part_each(version_id: int, settings: Settings) -> None:
    cells = sorted(overview(chosen(version_id), 0, None).cells, key=lambda cell: -cell.images)
    a, b = cells[:2]

    parts = parts_in_errors(chosen(version_id), 0, a.id, b.id)

    assert len(parts) == 2
    for cell, part in zip((a, b), parts, strict=True):
        ids = chosen(version_id, cell_id=cell.id)
        images = set(ids.store.image_ids[ids.area].tolist())
        check(part, slowly(version_id, 0, images, settings))


def test_an_unknown_dimension_is_refused(version_id: int) -> None:
    with pytest.raises(InvalidError, match="Dimensions of this version"):
        parts_in_errors(chosen(version_id), 99, None, None)
