"""What a version says of its collection: scores, maps, groups, patterns and cells."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import func, select

from tests.support.fake_encoder import FakeEncoder
from tests.support.scored import head_of
from tests.support.working import analyse
from workbench.config import Settings
from workbench.services.models.arrays import logit_weights_of, rows_of
from workbench.services.models.scores import layouts_of
from workbench.services.runs import queue, requests
from workbench.services.workspaces import Workspace, workspace
from workbench.store.artifacts import Artifact
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.results import (
    Cell,
    Embedding,
    EmbeddingShard,
    PixelGroup,
    Prediction,
)
from workbench.store.versions import CuratedItem, ModelVersion, TrainingRun

pytestmark = pytest.mark.analysed


def test_every_image_of_the_collection_is_scored_and_placed(analysed: Workspace) -> None:
    assert analysed.version is not None
    scored = (
        session()
        .scalars(select(Prediction).where(Prediction.version_id == analysed.version.id))
        .all()
    )

    own = session().scalars(select(Image.id).where(Image.collection_id == analysed.collection.id))
    own_ids = set(own)
    assert {each.image_id for each in scored} == own_ids
    placed = layouts_of(analysed.version.id, np.array(sorted(set(own_ids))))
    assert set(placed) == {"content", "balanced", "evidence"}
    assert all(((each >= 0) & (each < 1)).all() for each in placed.values())
    assert all(0 <= each.p <= 1 for each in scored)


def test_rough_pictures_score_above_smooth_ones_on_held_out_images(analysed: Workspace) -> None:
    assert analysed.version is not None
    tested = analysed.version.figures.test.auc
    assert tested is not None
    assert tested > 0.7


def test_no_held_out_image_was_trained_on(analysed: Workspace) -> None:
    assert analysed.version is not None
    version = session().get_one(ModelVersion, analysed.version.id)
    trained = session().scalar(
        select(func.count())
        .select_from(CuratedItem)
        .join(Image, Image.id == CuratedItem.image_id)
        .where(CuratedItem.dataset_id == version.dataset_id, Image.held_out.is_(False))
    )

    assert version.metrics["training_images"] == trained


def test_contributions_sum_to_the_logit_over_the_bias(
    analysed: Workspace, settings: Settings
) -> None:
    assert analysed.version is not None
    version = session().get_one(ModelVersion, analysed.version.id)
    weights = logit_weights_of(version.id, settings)

    for each in session().scalars(
        select(Prediction).where(Prediction.version_id == version.id).limit(10)
    ):
        _activations, maps = rows_of(version.id, each.image_id, settings)
        total = float((maps * weights[:, None]).sum())
        head = head_of(version.id, each.image_id, settings)
        assert total == pytest.approx(each.logit - head.logit_bias, abs=5e-3)


def test_a_groups_share_by_dimension_sums_to_its_contribution(analysed: Workspace) -> None:
    groups = session().scalars(select(PixelGroup)).all()

    assert groups
    for group in groups:
        assert sum(group.by_dimension) == pytest.approx(group.contribution, abs=1e-4)


def test_the_cells_of_every_level_hold_every_image_once(analysed: Workspace) -> None:
    assert analysed.version is not None
    counted = Cell.real_right + Cell.real_called_fake + Cell.fake_right + Cell.fake_called_real
    by_level = session().execute(
        select(Cell.layout, Cell.level, func.sum(counted))
        .where(Cell.version_id == analysed.version.id)
        .group_by(Cell.layout, Cell.level)
    )

    assert {total for _layout, _level, total in by_level} == {analysed.collection.images}


def test_a_second_call_finds_nothing_to_do(analysed: Workspace) -> None:
    assert requests.run_for_analysis(analysed.collection.id) is None


def test_two_collections_have_versions_of_their_own(analysed: Workspace) -> None:
    others = workspace("others")

    assert others.version is not None
    assert analysed.version is not None
    assert (others.version.number, analysed.version.number) == (1, 1)
    assert others.version.id != analysed.version.id


def test_a_lost_shard_of_embeddings_is_made_again(
    analysed: Workspace, settings: Settings, encoder: FakeEncoder
) -> None:
    artifact, shard_id = session().execute(
        select(Artifact, EmbeddingShard.id)
        .join(EmbeddingShard, EmbeddingShard.artifact_id == Artifact.id)
        .join(Embedding, Embedding.shard_id == EmbeddingShard.id)
        .join(Image, Image.pixel_hash == Embedding.pixel_hash)
        .where(Image.collection_id == analysed.collection.id)
    ).first() or pytest.fail("no shard")
    lost = session().scalar(
        select(func.count()).select_from(Embedding).where(Embedding.shard_id == shard_id)
    )
    (settings.artifact_dir / artifact.path).unlink()
    session().rollback()

    assert analyse(analysed.collection.id, settings, again=True) == "succeeded"

    assert encoder.encoded >= (lost or 0) > 0


def test_a_run_is_shown_with_its_version_once_it_succeeded(analysed: Workspace) -> None:
    run = queue.runs(analysed.collection.id)[0]

    assert (run.state, run.version_number) == ("succeeded", 1)
    assert (
        session().scalar(select(TrainingRun.finished_at).where(TrainingRun.id == run.id))
        is not None
    )
