"""A workbench in a temporary folder: pictures imported as usual, versions without an analysis."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from sqlalchemy import select

from benchmarks.command import OnStandardError, cache_dir
from benchmarks.distilling import Distilled, distil
from benchmarks.encoded import PATCH_TOKENS
from workbench.analysis.cross_fitting.folds import divide
from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.encoders.protocol import Encoder
from workbench.analysis.relevance.methods import default_method
from workbench.app import create_app
from workbench.config import Settings
from workbench.services.demo import build_demo_set
from workbench.services.encoding.encode import embeddings_of, encode_missing
from workbench.services.encoding.states import states_of
from workbench.services.imports.run import import_images
from workbench.services.models.weights import store_heads
from workbench.services.progress import Silent
from workbench.services.sources.entries import Candidate
from workbench.services.sources.open import open_source
from workbench.services.sources.options import SourceOptions
from workbench.services.training.dataset import freeze
from workbench.services.workspaces import workspace
from workbench.store import migrating
from workbench.store.database import db, session, transaction
from workbench.store.images import Image
from workbench.store.versions import ModelVersion


@contextmanager
def temporary_workbench() -> Iterator[Settings]:
    """An empty workbench on SQLite, open while this is entered."""
    with TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), database_url="")
        with create_app(settings).app_context():
            migrating.upgrade(db.engine)
            yield settings
            session().close()
            db.engine.dispose()


def candidates(folders: Sequence[Path]) -> list[Candidate]:
    """Images of these folders, or of the demo set, shuffled in a fixed way."""
    found = [
        each
        for folder in folders or _demo()
        for each in open_source(
            folder, Settings().image_root, SourceOptions(manifest=_manifest_in(folder))
        )
        if isinstance(each, Candidate)
    ]
    return [found[index] for index in np.random.default_rng(0).permutation(len(found))]


def _manifest_in(folder: Path) -> Path | None:
    manifest = folder / "manifest.csv"
    return manifest if manifest.is_file() else None


def _demo() -> list[Path]:
    made = build_demo_set(
        cache_dir() / "benchmark-sets",
        downloads=cache_dir() / "downloads",
        progress=OnStandardError(),
    )
    return [each.manifest.parent for each in made]


def list_images(chosen: Sequence[Candidate], path: Path) -> Path:
    """Write a manifest of these images."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "label"))
        writer.writerows((each.path, each.label) for each in chosen)
    return path


def import_listed(manifest: Path, collection: str, settings: Settings) -> int:
    """Import a manifest's images; the id of their new collection."""
    import_images(manifest, collection=collection, settings=settings, progress=Silent())
    return workspace(collection).collection.id


def teach(collection_id: int, encoder: Encoder, settings: Settings) -> Distilled:
    """Encode a collection's images and train heads on them, in the folds that `freeze` gives."""
    encode_missing(collection_id, encoder, settings, Silent())
    ids, embedding = embeddings_of(collection_id, encoder, settings)
    labels = session().execute(
        select(Image.id, Image.label).where(Image.collection_id == collection_id)
    )
    by_id = dict(labels.tuples().all())
    session().rollback()
    fake = torch.tensor([float(by_id[each] == "fake") for each in ids])
    groups = np.arange(len(ids))
    folds = divide(fake.numpy() > 0, groups).by_image
    data = TrainingSet(embedding, fake, torch.ones(len(ids)), groups, folds)
    row_of = {image_id: row for row, image_id in enumerate(ids)}
    states = (
        (np.array([row_of[each] for each in chosen]), state)
        for chosen, state in states_of(collection_id, ids, PATCH_TOKENS, encoder, settings)
    )
    return distil(encoder, data, states)


def add_version(
    collection_id: int,
    number: int,
    distilled: Distilled,
    encoder: Encoder,
    settings: Settings,
) -> int:
    """The id of a version with these heads, ready to score the collection."""
    dataset_id = freeze(collection_id).id
    artifact = store_heads(distilled.heads, settings, kinds=distilled.kinds)
    with transaction() as write:
        version = ModelVersion(
            collection_id=collection_id,
            number=number,
            dataset_id=dataset_id,
            encoder=encoder.name,
            encoder_fingerprint=encoder.fingerprint,
            relevance=default_method(encoder),
            dimensions=distilled.head.dimensions,
            weights=artifact,
            metrics={},
        )
        write.add(version)
        write.flush()
        return version.id
