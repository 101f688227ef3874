"""Maps come from the cache where it is whole, and are the same where it is not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select

from tests.support.fake_encoder import FakeEncoder
from tests.support.made_up import made_up_version
from workbench.config import Settings
from workbench.services.encoding.encode import embeddings_of, encode_missing
from workbench.services.encoding.part_cache import PartCache
from workbench.services.pipeline.scoring import score
from workbench.services.progress import Silent
from workbench.services.workspaces import workspace
from workbench.store.database import session
from workbench.store.image_files import normalised_path
from workbench.store.images import Image
from workbench.store.regions import Region
from workbench.store.results import CachedPart, PixelGroup, Prediction

IMAGES = 40
BATCH = 16
SHARDS = 3
Damage = Callable[[Path], None]


@pytest.fixture
def encoded(imported: int, settings: Settings, encoder: FakeEncoder) -> int:
    """A collection of 40 pictures in three shards, all cached."""
    encode_missing(imported, encoder, settings, Silent())
    encoder.encoded = 0
    return imported


def scored(
    collection_id: int, encoder: FakeEncoder, settings: Settings, *, number: int = 1
) -> list[tuple[object, ...]]:
    """What a new version, always the same, says of each image; and how often it had to look."""
    version_id = made_up_version(collection_id, encoder, settings, number=number)
    score(version_id, encoder, settings, Silent())
    rows = session().execute(
        select(Prediction.image_id, Prediction.logit, Prediction.p)
        .where(Prediction.version_id == version_id)
        .order_by(Prediction.image_id)
    )
    groups = session().execute(
        select(PixelGroup.image_id, PixelGroup.number, Region.rle, PixelGroup.contribution)
        .join(PixelGroup.region)
        .where(PixelGroup.version_id == version_id)
        .order_by(PixelGroup.image_id, PixelGroup.number)
    )
    said = [tuple(row) for row in (*rows, *groups)]
    session().rollback()
    assert len(said) > 2 * IMAGES
    return said


def cached(settings: Settings, part: str = "%") -> list[Path]:
    paths = session().scalars(
        select(CachedPart.path).where(CachedPart.part.like(part)).order_by(CachedPart.id)
    )
    found = [settings.part_dir / path for path in paths]
    session().rollback()
    return found


def all_are_whole(settings: Settings) -> bool:
    on_disk = {path for path in settings.part_dir.rglob("*") if path.is_file()}
    return set(cached(settings)) == on_disk and len(on_disk) == 2 * SHARDS


def missing(path: Path) -> None:
    path.unlink()


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def altered(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_a_new_versions_maps_and_groups_touch_no_pixel(
    encoded: int, settings: Settings, encoder: FakeEncoder
) -> None:
    shutil.rmtree(settings.image_dir)

    scored(encoded, encoder, settings)

    assert encoder.encoded == 0


@pytest.mark.parametrize("damage", [missing, torn, altered])
@pytest.mark.parametrize(("part", "again"), [("patch_tokens", BATCH), ("superpixels%", 0)])
def test_a_damaged_part_is_made_again_and_changes_nothing(
    encoded: int,
    settings: Settings,
    encoder: FakeEncoder,
    damage: Damage,
    part: str,
    again: int,
) -> None:
    before = scored(encoded, encoder, settings)
    damage(cached(settings, part)[1])

    assert scored(encoded, encoder, settings, number=2) == before
    assert encoder.encoded == again
    assert all_are_whole(settings)


def test_without_its_cache_a_version_says_the_same(
    encoded: int, settings: Settings, encoder: FakeEncoder
) -> None:
    before = scored(encoded, encoder, settings)
    shutil.rmtree(settings.cache_dir)

    assert scored(encoded, encoder, settings, number=2) == before
    assert encoder.encoded == IMAGES
    assert all_are_whole(settings)


def test_images_without_an_embedding_are_encoded_and_scored_in_one_go(
    imported: int, settings: Settings, encoder: FakeEncoder
) -> None:
    at_once = scored(imported, encoder, settings)

    assert encoder.encoded == IMAGES
    assert all_are_whole(settings)
    assert encode_missing(imported, encoder, settings, Silent()) == 0
    assert scored(imported, encoder, settings, number=2) == at_once


def test_damaged_embeddings_are_made_again(
    encoded: int, settings: Settings, encoder: FakeEncoder
) -> None:
    ids, before = embeddings_of(encoded, encoder, settings)
    for damage, path in zip(
        (missing, torn, altered),
        sorted((settings.artifact_dir / "embeddings").rglob("*.safetensors")),
        strict=True,
    ):
        damage(path)

    assert encode_missing(encoded, encoder, settings, Silent()) == IMAGES
    ids_again, after = embeddings_of(encoded, encoder, settings)
    assert ids_again == ids
    assert after.equal(before)


def test_embeddings_that_are_damaged_between_two_steps_do_not_stop_the_scores(
    encoded: int, settings: Settings, encoder: FakeEncoder
) -> None:
    before = scored(encoded, encoder, settings)
    altered(next((settings.artifact_dir / "embeddings").rglob("*.safetensors")))

    assert scored(encoded, encoder, settings, number=2) == before


@pytest.mark.parametrize("damage", [missing, altered])
def test_an_image_that_cannot_be_read_is_left_out_and_the_others_stay_as_they_were(
    encoded: int, settings: Settings, encoder: FakeEncoder, damage: Damage
) -> None:
    before = scored(encoded, encoder, settings)
    image = session().scalars(select(Image).where(Image.collection_id == encoded)).first()
    assert image is not None
    damage(normalised_path(settings.image_dir, image.pixel_hash))
    shutil.rmtree(settings.cache_dir)

    after = scored(encoded, encoder, settings, number=2)

    predictions = [row for row in before if row[0] != image.id and len(row) == 3]
    assert [row for row in after if len(row) == 3] == predictions
    assert {row[0] for row in after} == {row[0] for row in predictions}


def test_the_cache_stays_within_its_bound_and_serves_what_it_has_room_for(
    encoded: int, settings: Settings, encoder: FakeEncoder
) -> None:
    before = scored(encoded, encoder, settings)
    sizes = [path.stat().st_size for path in cached(settings)]
    room = sum(sizes) - 1
    smaller = settings.model_copy(update={"cache_gigabytes": room / 1e9})

    for number in (2, 3, 4):
        encoder.encoded = 0
        assert scored(encoded, encoder, smaller, number=number) == before
        assert encoder.encoded <= BATCH
        kept = sum(path.stat().st_size for path in cached(settings))
        assert kept == session().scalar(select(func.sum(CachedPart.size)))
        assert 0 < kept <= room


def test_with_no_room_nothing_is_cached(
    imported: int, settings: Settings, encoder: FakeEncoder
) -> None:
    none = settings.model_copy(update={"cache_gigabytes": 0})
    encode_missing(imported, encoder, none, Silent())

    scored(imported, encoder, none)

    assert cached(settings) == []
    assert encoder.encoded == 2 * IMAGES


def test_what_was_used_least_recently_goes_first(
    encoded: int, settings: Settings, encoder: FakeEncoder
) -> None:
    others = workspace("others").collection.id
    scored(encoded, encoder, settings)
    shards = session().scalars(select(CachedPart.shard_id).order_by(CachedPart.id)).all()
    session().rollback()
    PartCache(settings).touch(shards[0], ["patch_tokens"])
    room = sum(path.stat().st_size for path in cached(settings))
    smaller = settings.model_copy(update={"cache_gigabytes": room / 1e9})

    encode_missing(others, encoder, smaller, Silent())

    left = set(session().execute(select(CachedPart.shard_id, CachedPart.part)).tuples().all())
    assert (shards[0], "patch_tokens") in left
    assert (shards[0], "superpixels_1") not in left
    assert {shard for shard, _part in left} > {shards[0]}
    assert sum(path.stat().st_size for path in cached(settings)) <= room


def test_of_two_that_make_a_part_at_the_same_time_the_first_counts(
    encoded: int, settings: Settings, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    shard_id = session().scalars(select(CachedPart.shard_id)).first()
    session().rollback()
    assert shard_id is not None
    before = cached(settings)
    # As if the other one's row came between looking and writing.
    monkeypatch.setattr(PartCache, "forget", lambda *_arguments: None)

    PartCache(settings).keep(shard_id, {"patch_tokens": {"patch_tokens": np.zeros(3)}})

    assert cached(settings) == before
    assert all_are_whole(settings)
