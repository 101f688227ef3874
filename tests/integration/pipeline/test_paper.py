"""The paper's distiller, chosen by the setting, through a whole analysis and onto the pages."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image as Picture
from sqlalchemy import func, select
from torch import Tensor
from torchvision.transforms import Resize

from tests.support.random_encoders import random_timm
from tests.support.slow_relevance import slow_map
from tests.support.working import analyse
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.features import class_token
from workbench.analysis.encoders.timm import tower_of
from workbench.analysis.encoders.transformer import Preprocessing, TransformerEncoder
from workbench.analysis.spelling.train import train_projection
from workbench.config import Settings
from workbench.services.encoding import registry
from workbench.services.encoding.pixels import read_copy
from workbench.services.image.counterfactuals import try_edit
from workbench.services.image.edits import DimensionEdit, RegionEdit
from workbench.services.models.weights import load_heads
from workbench.services.training import projection, train
from workbench.store.artifacts import load_arrays
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.results import Cell, Pattern, PixelGroup, Placement, Prediction
from workbench.store.versions import ActiveVersion, ModelVersion

BLOCKS, SIDE, K = 3, 32, 6
PAGES = ("", "?dimension=1&by=difference", "patterns", "models", "export/dimensions.svg")


@pytest.fixture
def transformer(imported: int, monkeypatch: pytest.MonkeyPatch) -> TransformerEncoder:
    """A small transformer with random weights in the encoder's place; x is its class token."""
    made = TransformerEncoder(
        tower_of(random_timm(image_size=SIDE, patch_size=8)),
        class_token(BLOCKS),
        Preprocessing(SIDE, Resize((SIDE, SIDE)), {"size": SIDE}),
        name="small",
        identity={},
    )

    def load(_name: str, *, embedding: str, **_places: object) -> TransformerEncoder:
        assert embedding == "class_token"
        return made

    monkeypatch.setattr(registry, "load_encoder", load)
    registry._loaded.cache_clear()
    # For its worth 400 images are written on, and it takes 100 steps.
    monkeypatch.setattr(projection, "TRAINING_IMAGES", 6)
    monkeypatch.setattr(projection, "PROOF_IMAGES", 2)
    monkeypatch.setattr(projection, "train_projection", partial(train_projection, steps=3))
    return made


def test_a_whole_analysis_with_the_papers_distiller_holds_its_equations(
    imported: int,
    settings: Settings,
    transformer: TransformerEncoder,
    client: FlaskClient,
    app: Flask,
) -> None:
    paper = settings.model_copy(update={"distiller": "paper", "dimensions": K})

    assert analyse(imported, paper) == "succeeded"

    version = session().get_one(ActiveVersion, imported).version
    assert (version.metrics["distiller"], version.relevance) == ("the paper's", "last_block")
    # x has 48 numbers, and what the projection leaves of it half as many.
    assert version.metrics["projected_to"] == 24
    for table in (Cell, Pattern, PixelGroup, Placement):
        rows = select(func.count()).select_from(table).where(table.version_id == version.id)
        assert session().scalar(rows)
    dimensions_and_maps_hold(version, transformer, paper)
    contributions_and_edits_hold(version, paper)
    a_retrain_starts_from_its_like_alone(version, transformer, paper)
    app.config["WORKBENCH"] = settings.model_copy(update={"open_reading": True})
    image_id = session().scalar(select(Image.id).where(Image.collection_id == imported))
    pages = (*PAGES, f"images/{image_id}")
    answers = {page: client.get(f"/c/pictures/{page}") for page in pages}
    assert {page: each.status_code for page, each in answers.items()} == dict.fromkeys(pages, 200)
    assert "the paper&#39;s distiller, last_block" in answers["models"].text


def dimensions_and_maps_hold(
    version: ModelVersion, encoder: TransformerEncoder, settings: Settings
) -> None:
    """z >= 0, logit = b + sum w z, and z of the patches in proportion to gradient times attention.

    By the head of the image's fold, and the equation on some of the images.
    """
    heads = load_heads(version, settings)
    images = session().scalars(select(Prediction).where(Prediction.version_id == version.id)).all()
    assert len({each.fold for each in images}) > 2
    active = 0
    for index, image in enumerate(images):
        head = heads.head_of(image.fold)
        assert isinstance(head, DistilledHead)
        arrays = load_arrays(settings.artifact_dir, image.shard.artifact)
        z, maps = (arrays[name][image.row] for name in ("activations", "token_maps"))
        assert (z >= 0).all()
        weighted = sum(float(w * a) for w, a in zip(head.logit_weight.numpy(), z, strict=True))
        assert image.logit == pytest.approx(head.logit_bias + weighted, abs=1e-4)
        np.testing.assert_allclose(maps.astype(float).sum(axis=1), z, atol=0.01, rtol=0.01)
        for k in range(K) if index % 10 == 0 else ():
            expected = slow_map(encoder, head, pixels_of(image, encoder, settings), k).numpy()
            np.testing.assert_allclose(maps[k], expected, atol=2e-3 * max(expected.max(), 1))
            active += bool(expected.any())
    assert active > K


def pixels_of(image: Prediction, encoder: TransformerEncoder, settings: Settings) -> Tensor:
    pixel_hash = session().get_one(Image, image.image_id).pixel_hash
    pixels = Picture.fromarray(read_copy(settings.image_dir, pixel_hash))
    return encoder.preprocess([pixels])[0]


def contributions_and_edits_hold(version: ModelVersion, settings: Settings) -> None:
    """A group's part of each dimension, a dimension without its part, an image without a group."""
    weight = load_heads(version, settings).final.logit_weight.numpy()
    groups = session().scalars(select(PixelGroup).where(PixelGroup.version_id == version.id)).all()
    for group in groups:
        assert sum(group.by_dimension) == pytest.approx(group.contribution, abs=1e-3)
        # A dimension is never negative, so its weight alone says which side it speaks for.
        assert (np.array(group.by_dimension) * np.sign(weight) >= 0).all()
    strongest = max(groups, key=lambda each: abs(each.contribution))
    image = session().get_one(Prediction, (version.id, strongest.image_id))
    z = load_arrays(settings.artifact_dir, image.shard.artifact)["activations"][image.row]
    k = int(np.argmax(z))
    edited = try_edit(version.id, image.image_id, DimensionEdit(k))
    assert edited.delta_logit == pytest.approx(-weight[k] * z[k], abs=1e-4)
    removed = try_edit(version.id, image.image_id, RegionEdit(strongest.id, "mean"))
    assert removed.delta_logit != 0


def a_retrain_starts_from_its_like_alone(
    version: ModelVersion, encoder: TransformerEncoder, settings: Settings
) -> None:
    own = load_heads(version, settings).final.projection
    again = settings.model_copy(update={"distiller": "concepts"})

    assert train._parent(version.id, encoder, own, settings) is version
    assert train._parent(version.id, encoder, None, settings) is None
    assert train._parent(version.id, encoder, own, again) is None
