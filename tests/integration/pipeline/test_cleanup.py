"""What nothing refers to is taken away; what something refers to, or may yet, is not."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, func, select

from tests.support.fake_encoder import FakeEncoder
from tests.support.made_up import made_up_version
from workbench.config import Settings
from workbench.services.columns.build import path_of
from workbench.services.encoding.encode import encode_missing
from workbench.services.pipeline.cleanup import YOUNG, Swept, sweep
from workbench.services.pipeline.scoring import score
from workbench.services.progress import Silent
from workbench.store.artifacts import Artifact, store_arrays
from workbench.store.database import now, session, transaction
from workbench.store.images import Image
from workbench.store.results import CachedPart, Embedding, EmbeddingShard


def files_of(directory: Path) -> set[Path]:
    return {path for path in directory.rglob("*") if path.is_file()}


def put(directory: Path, name: str, age: timedelta = timedelta(0)) -> Path:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left")
    moment = time.time() - age.total_seconds()
    os.utime(path, (moment, moment))
    return path


def test_what_is_in_use_stays(imported: int, settings: Settings, encoder: FakeEncoder) -> None:
    encode_missing(imported, encoder, settings, Silent())
    score(made_up_version(imported, encoder, settings), encoder, settings, Silent())
    before = files_of(settings.data_dir)

    assert sweep(settings, young=timedelta(0)) == Swept(shards=0, artifacts=0, cached=0)
    assert files_of(settings.data_dir) == before


def test_files_without_a_row_go_once_they_are_old(tables: object, settings: Settings) -> None:
    old = [
        put(settings.artifact_dir, "results/ab/1.safetensors", YOUNG * 2),
        put(settings.artifact_dir, "results/ab/.2.safetensors.f00", YOUNG * 2),
        put(settings.part_dir, "patch_tokens/ab/3.safetensors"),
    ]
    young = put(settings.artifact_dir, "results/ab/4.safetensors")

    assert sweep(settings) == Swept(shards=0, artifacts=2, cached=1)
    assert [path.exists() for path in old] == [False] * 3
    assert young.exists()


def test_columns_of_versions_that_are_gone_go_once_they_are_old(
    imported: int, settings: Settings, encoder: FakeEncoder
) -> None:
    version_id = made_up_version(imported, encoder, settings)
    kept = put(settings.cache_dir, f"columns/{path_of(settings, version_id).name}", YOUNG * 2)
    gone = put(settings.cache_dir, "columns/999-3.safetensors", YOUNG * 2)
    young = put(settings.cache_dir, "columns/998-3.safetensors")

    assert sweep(settings).cached == 1
    assert (kept.exists(), gone.exists(), young.exists()) == (True, False, True)


def test_an_artifact_that_no_row_refers_to_goes_with_its_file(
    tables: object, settings: Settings
) -> None:
    for days in (0, 3):
        with transaction() as current:
            artifact = store_arrays(settings.artifact_dir, "results", {})
            artifact.created_at = now() - timedelta(days=days)
            current.add(artifact)
    for path in files_of(settings.artifact_dir):
        put(path.parent, path.name, YOUNG * 2)

    assert sweep(settings).artifacts == 1
    assert session().scalar(select(func.count()).select_from(Artifact)) == 1


def test_shards_go_with_the_last_of_their_images(
    imported: int, settings: Settings, encoder: FakeEncoder
) -> None:
    encode_missing(imported, encoder, settings, Silent())
    with transaction() as current:
        kept = current.scalars(select(Image).where(Image.collection_id == imported)).first()
        assert kept is not None
        current.execute(delete(Image).where(Image.collection_id == imported, Image.id != kept.id))

    assert sweep(settings, young=timedelta(0)) == Swept(shards=2, artifacts=2, cached=4)
    assert session().scalar(select(func.count()).select_from(EmbeddingShard)) == 1
    assert session().scalar(select(func.count()).select_from(CachedPart)) == 2
    assert session().get(Embedding, (kept.pixel_hash, encoder.fingerprint)) is not None
