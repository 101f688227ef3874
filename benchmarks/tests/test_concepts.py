"""The benchmark of concepts, on an encoder of a few lines and drawn pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from benchmarks.concepts import NO_FACE, OUTSIDE, described, explain, face_regions, figures
from benchmarks.encoded import Picture
from tests.support.fake_encoder import FakeEncoder
from tests.support.pictures import draw_collection
from workbench.analysis.cross_fitting.folds import NO_FOLD
from workbench.analysis.faces.regions import REGIONS

RANDOM = np.random.default_rng(0)


def pictures(folder: Path) -> list[Picture]:
    draw_collection(folder, 16, mislabelled=2)
    return [
        Picture(path, path.parent.name == "fake", str(path), "")
        for path in sorted(folder.rglob("*.png"))
    ]


def test_every_image_is_explained_by_a_head_that_was_not_trained_on_it(tmp_path: Path) -> None:
    explained = explain(FakeEncoder(), pictures(tmp_path))

    assert (explained.fold == NO_FOLD).sum() == 8
    assert len(np.unique(explained.fold)) == 6
    # Contributions are complete: what is left of the logit is the same for all images of a head.
    left = explained.logit - explained.contributions.sum(axis=(1, 2))
    for fold in np.unique(explained.fold):
        assert left[explained.fold == fold].std() < 1e-3
    assert explained.contributions.std() > 1e-3


def test_patches_are_in_the_region_that_most_of_them_lies_in(tmp_path: Path) -> None:
    Image.fromarray(data.astronaut()).crop((112, 0, 336, 224)).save(tmp_path / "face.png")
    Image.new("RGB", (224, 224), "teal").save(tmp_path / "none.png")
    shown = [
        Picture(tmp_path / f"{name}.png", fake=False, group="", generator="")
        for name in ("face", "none")
    ]

    by_landmarks, segmented = face_regions(shown, (16, 16))

    assert (by_landmarks[1] == NO_FACE).all()
    assert (segmented[1] == NO_FACE).all()
    named = np.array(REGIONS)[segmented[0].reshape(16, 16)]
    assert named[7, 6] == named[7, 9] == "eyes"
    assert named[10, 7] == "mouth"
    assert named[2, 8] == "hair"
    assert named[0, 0] == "background"
    # Landmarks alone: the same within the face; else above, beside and below it.
    placed = by_landmarks[0].reshape(16, 16)
    within = placed < OUTSIDE
    assert (placed[within] == segmented[0].reshape(16, 16)[within]).all()
    above, beside, below = range(OUTSIDE, OUTSIDE + 3)
    assert (placed[:4] == above).all()
    assert (placed[6:12, [0, 1, 14, 15]] == beside).all()
    assert (placed[14:] == below).all()


def test_dimensions_that_are_regions_reach_1_and_their_shuffle_nothing() -> None:
    regions = RANDOM.integers(0, 10, (60, 256))
    of_region = regions[:, None] == np.arange(10)[:, None]
    contributions = RANDOM.normal(1, 0.1, of_region.shape) * of_region

    found = figures(contributions.astype(np.float32), regions)

    assert found["region_information"] == pytest.approx(1)
    assert found["region_information_shared"] == pytest.approx(1)
    assert found["top_patch_purity"] == 1
    assert found["top_patch_purity_shuffled"] < 0.4
    assert abs(found["region_information_shuffled"]) < 0.01
    assert abs(found["region_information_of_another_image"]) < 0.01


def test_where_faces_usually_are_is_told_apart_from_what_is_seen() -> None:
    regions = np.tile(np.repeat(np.arange(4), 64), (20, 1))
    contributions = np.ones((20, 1, 1)) * (regions[:, None] == np.arange(4)[:, None])

    found = figures(contributions.astype(np.float32), regions)

    assert found["region_information"] == found["region_information_of_another_image"]


def test_a_dimension_is_described_by_the_regions_of_its_evidence() -> None:
    contributions = np.array([[[3.0, -1.0, 0.0], [0.0, 0.0, 12.0]]], np.float32)
    regions = np.array([[REGIONS.index(name) for name in ("mouth", "jaw", "hair")]])

    found = dict(described(contributions, regions))

    assert found == {
        "dimension 1": "25% of evidence; mouth 75%, jaw 25%; purity 1.00",
        "dimension 2": "75% of evidence; hair 100%; purity 1.00",
    }
