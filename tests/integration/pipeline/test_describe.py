"""Dimensions and patterns are described by the run that makes them, from what it has stored."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture
from sqlalchemy import select

from tests.support.fake_encoder import COLUMNS, ROWS
from workbench.analysis.descriptions import location_of
from workbench.analysis.faces.finder import FaceFinder
from workbench.analysis.faces.models import FacesUnavailableError
from workbench.analysis.faces.regions import REGIONS, Face
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions.pixel_groups import decode_mask
from workbench.config import Settings
from workbench.services.describing import face_regions
from workbench.services.describing.describe import KEY, STRONGEST, describe
from workbench.services.models.arrays import logit_weights_of
from workbench.services.models.scores import load_scores, of_shards
from workbench.services.progress import Silent
from workbench.store.database import session
from workbench.store.descriptions import DimensionDescription, PatternDescription
from workbench.store.results import Pattern, PixelGroup
from workbench.store.versions import ModelVersion

pytestmark = pytest.mark.analysed

GRID = (ROWS, COLUMNS)


def of_dimensions(version_id: int) -> list[DimensionDescription]:
    return list(
        session().scalars(
            select(DimensionDescription)
            .where(DimensionDescription.version_id == version_id)
            .order_by(DimensionDescription.dimension)
        )
    )


def of_patterns(version_id: int) -> list[PatternDescription]:
    return list(
        session().scalars(
            select(PatternDescription)
            .join(Pattern, Pattern.id == PatternDescription.pattern_id)
            .where(Pattern.version_id == version_id)
            .order_by(Pattern.number)
        )
    )


def evidence_of(version_id: int, settings: Settings) -> tuple[list[int], NDArray[np.float64]]:
    """|contributions| (image, K, patch), image by image."""
    scores = load_scores(version_id, settings)
    shards = of_shards(version_id, "token_maps", settings)
    weights = logit_weights_of(version_id, settings)
    maps = [
        shards[shard][row].astype(np.float64)
        for shard, row in zip(scores.shard_ids.tolist(), scores.shard_rows.tolist(), strict=True)
    ]
    return scores.image_ids.tolist(), np.abs(np.stack(maps) * weights[:, None])


def described_again(version_id: int, settings: Settings) -> None:
    describe(
        version_id,
        load_scores(version_id, settings),
        logit_weights_of(version_id, settings),
        GRID,
        settings,
        Silent(),
    )
    session().rollback()


def test_a_dimension_is_described_by_where_its_evidence_lies(
    version_id: int, settings: Settings
) -> None:
    image_ids, evidence = evidence_of(version_id, settings)

    for each, mean in zip(of_dimensions(version_id), evidence.mean(axis=0), strict=True):
        shown = np.array(each.mean_map)
        assert shown == pytest.approx(mean.reshape(GRID), rel=1e-3, abs=1e-9)
        assert each.location == location_of(mean.reshape(GRID))
        strengths = [
            evidence[image_ids.index(image_id), each.dimension, row * COLUMNS + column]
            for image_id, row, column in each.strongest
        ]
        best = np.sort(evidence[:, each.dimension].max(axis=1))[::-1][:STRONGEST]
        assert strengths == pytest.approx(best[best > 0].tolist())
        assert len({image_id for image_id, *_ in each.strongest}) == len(each.strongest)


def test_a_pattern_is_described_by_its_pixel_groups(version_id: int) -> None:
    described = of_patterns(version_id)

    patterns = session().scalars(select(Pattern.id).where(Pattern.version_id == version_id)).all()
    assert {each.pattern_id for each in described} == set(patterns)
    for each in described:
        groups = session().scalars(
            select(PixelGroup).where(PixelGroup.pattern_id == each.pattern_id)
        )
        found = groups.all()
        by_dimension = np.abs([group.by_dimension for group in found]).sum(axis=0)
        assert each.by_dimension == pytest.approx(by_dimension.tolist(), rel=1e-4)
        assert each.evidence == pytest.approx(sum(abs(group.contribution) for group in found))
        # Few groups, so all are looked at: the map has all of their evidence.
        assert np.sum(each.mean_map) == pytest.approx(each.evidence / len(found), rel=1e-3)
        assert each.location == location_of(np.array(each.mean_map))


def test_evidence_in_pixel_groups_is_that_of_all_groups(version_id: int) -> None:
    groups = session().scalars(
        select(PixelGroup.by_dimension).where(PixelGroup.version_id == version_id)
    )
    whole = np.abs(np.array(groups.all())).sum(axis=0)

    assert [each.in_groups for each in of_dimensions(version_id)] == pytest.approx(whole.tolist())


def test_nothing_is_said_of_regions_where_no_image_shows_a_face(
    version_id: int, settings: Settings
) -> None:
    counted = session().get_one(ModelVersion, version_id).metrics[KEY]

    assert counted["faces"] == 0
    assert counted["images"] == 40
    assert {each.regions for each in of_dimensions(version_id)} == {None}
    assert {each.regions for each in of_patterns(version_id)} == {None}


def upper_half_is_hair() -> Face:
    regions = np.full((NORMAL_SIZE, NORMAL_SIZE), REGIONS.index("background"), np.uint8)
    regions[: NORMAL_SIZE // 2] = REGIONS.index("hair")
    return Face(np.zeros((468, 2)), regions)


def test_regions_of_faces_share_the_evidence(
    version_id: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FaceFinder, "__init__", lambda _self: None)
    monkeypatch.setattr(FaceFinder, "find", lambda _self, _image: upper_half_is_hair())

    described_again(version_id, settings)

    _ids, evidence = evidence_of(version_id, settings)
    cut = evidence.sum(axis=0).reshape(-1, *GRID)
    # The middle row of patches, of seven, is half hair.
    hair = cut[:, :3].sum(axis=(1, 2)) + cut[:, 3].sum(axis=1) / 2
    for each, amount, whole in zip(
        of_dimensions(version_id), hair, cut.sum(axis=(1, 2)), strict=True
    ):
        assert each.regions is not None
        assert each.regions.get("hair", 0.0) == pytest.approx(amount / whole, abs=2e-3)
        assert sum(each.regions.values()) == pytest.approx(1, abs=2e-3)
    group = (
        session()
        .scalars(select(PixelGroup).where(PixelGroup.version_id == version_id).limit(1))
        .one()
    )
    assert decode_mask(group.region.rle, NORMAL_SIZE).shape == (NORMAL_SIZE, NORMAL_SIZE)
    shares = [each.regions for each in of_patterns(version_id) if each.regions]
    assert shares
    for regions in shares:
        assert set(regions) <= {"hair", "background"}
        assert sum(regions.values()) == pytest.approx(1, abs=2e-3)


def test_too_few_faces_say_nothing(
    version_id: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Picture.Image] = []

    def find(_self: FaceFinder, image: Picture.Image) -> Face | None:
        seen.append(image)
        return upper_half_is_hair() if len(seen) <= 3 else None

    monkeypatch.setattr(FaceFinder, "__init__", lambda _self: None)
    monkeypatch.setattr(FaceFinder, "find", find)

    described_again(version_id, settings)

    assert len(seen) == 40
    assert session().get_one(ModelVersion, version_id).metrics[KEY]["faces"] == 3
    assert {each.regions for each in of_dimensions(version_id)} == {None}


def test_without_a_face_in_the_first_images_the_others_are_not_looked_at(
    version_id: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Picture.Image] = []
    monkeypatch.setattr(FaceFinder, "__init__", lambda _self: None)
    monkeypatch.setattr(FaceFinder, "find", lambda _self, image: seen.append(image))

    described_again(version_id, settings)

    assert len(seen) == face_regions.GIVEN_UP_AFTER


def test_without_the_package_for_faces_all_else_is_described(
    version_id: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_self: FaceFinder) -> None:
        raise FacesUnavailableError("face_landmark.tflite is not installed")

    before = [each.mean_map for each in of_dimensions(version_id)]
    session().rollback()
    monkeypatch.setattr(FaceFinder, "__init__", missing)

    described_again(version_id, settings)

    assert [each.mean_map for each in of_dimensions(version_id)] == before
    assert session().get_one(ModelVersion, version_id).metrics[KEY]["looked_at"] == 0
