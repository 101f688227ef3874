"""Measure a model version on a collection, be it its own or another."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select

from workbench.analysis.cross_fitting.folds import NO_FOLD
from workbench.analysis.intervals import share_with_interval
from workbench.analysis.metrics import accuracy, auc, auc_with_interval
from workbench.config import Settings
from workbench.services.collections import find_collection
from workbench.services.encoding.encode import encode_missing
from workbench.services.encoding.states import states_of
from workbench.services.errors import ConflictError
from workbench.services.hygiene.warnings import collection_warning
from workbench.services.imports.alike import bring_copies
from workbench.services.models.encoders import encoder_of_version
from workbench.services.models.outside import require_trained
from workbench.services.models.weights import load_heads
from workbench.services.progress import Progress
from workbench.services.training.dataset import final_labels
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.versions import ActiveVersion, CuratedItem, ModelVersion


@dataclass(frozen=True)
class GeneratorResult:
    """One generator's images against all the real ones."""

    n: int
    called_fake: float
    called_fake_interval: tuple[float, float]
    auc: float | None


@dataclass(frozen=True)
class Evaluation:
    """How a version does on images that it was not trained on; intervals are of 95%, by group."""

    collection: str
    version: int
    trained_on: str
    n: int
    left_out: int
    """Images of the collection that the version was trained on, or that people excluded."""
    accuracy: float | None
    accuracy_interval: tuple[float, float] | None
    auc: float | None
    auc_interval: tuple[float, float] | None
    by_generator: dict[str, GeneratorResult]
    warning: str
    """Why figures made from these images are doubtful; empty where nothing is known."""
    training_warning: str
    """The same of the images that the version was trained on."""

    def as_json(self) -> dict[str, Any]:
        """The figures as plain JSON."""
        return asdict(self)


def evaluate(name: str, settings: Settings, progress: Progress) -> Evaluation:
    """Measure the active version on a collection.

    The active version is the collection's own, or else the one that became active last in any
    collection. Labels are the final ones; images that the version was trained on are left out.
    Raises NotFoundError for an unknown collection, ConflictError where there is no version,
    UnavailableError where its encoder cannot be had.
    """
    collection = find_collection(name)
    version = _active(collection.id)
    collection_id, trained_on = collection.id, version.collection.name
    heads, number, version_id = load_heads(version, settings), version.number, version.id
    encoder = encoder_of_version(version, settings)
    session().rollback()
    bring_copies(collection_id, settings, progress)
    encode_missing(collection_id, encoder, settings, progress)
    labels = {item.image_id: item for item in final_labels(collection_id)}
    seen = _trained_on(version_id, collection_id)
    unseen = [each for each in labels if each not in seen]
    logits: dict[int, float] = {}
    with closing(states_of(collection_id, unseen, heads.parts, encoder, settings)) as stream:
        for ids, state in stream:
            folds = np.full(len(ids), NO_FOLD, dtype=np.int64)
            logits |= zip(ids, heads.logit(encoder, state, folds).tolist(), strict=True)
            progress.advance(len(logits), len(unseen), "Scoring images")
    chosen = sorted(logits)
    fake = np.array([labels[each].label == "fake" for each in chosen], dtype=bool)
    group = np.array([labels[each].group_key for each in chosen], dtype=object)
    logit = np.array([logits[each] for each in chosen], dtype=np.float32)
    found = auc_with_interval(fake, logit, group, seed=settings.seed)
    right = accuracy(fake, logit, group)
    generators = _generators(collection_id)
    made_by = np.array([generators.get(each, "") for each in chosen], dtype=object)
    return Evaluation(
        collection=name,
        version=number,
        trained_on=trained_on,
        n=len(chosen),
        left_out=_count(collection_id) - len(chosen),
        accuracy=right.value if right else None,
        accuracy_interval=(right.low, right.high) if right else None,
        auc=found.value if found else None,
        auc_interval=(found.low, found.high) if found else None,
        by_generator=_by_generator(made_by, fake, logit, group),
        warning=collection_warning(name),
        training_warning=collection_warning(trained_on),
    )


def _count(collection_id: int) -> int:
    """How many images a collection has."""
    here = Image.collection_id == collection_id
    return session().scalar(select(func.count()).select_from(Image).where(here)) or 0


def _active(collection_id: int) -> ModelVersion:
    own = session().get(ActiveVersion, collection_id)
    active = own or session().scalar(
        select(ActiveVersion).order_by(ActiveVersion.since.desc()).limit(1)
    )
    if active is None:
        raise ConflictError("No model version yet. Run analyze on a collection first.")
    require_trained(active.version)
    return active.version


def _trained_on(version_id: int, collection_id: int) -> set[int]:
    """Images of a collection whose pixels the version learned from, here or in its own one."""
    learned = (
        select(Image.pixel_hash)
        .join(CuratedItem, CuratedItem.image_id == Image.id)
        .join(ModelVersion, ModelVersion.dataset_id == CuratedItem.dataset_id)
        .where(ModelVersion.id == version_id, CuratedItem.held_out.is_(False))
    )
    return set(
        session().scalars(
            select(Image.id).where(
                Image.collection_id == collection_id, Image.pixel_hash.in_(learned)
            )
        )
    )


def _generators(collection_id: int) -> dict[int, str]:
    rows = session().execute(
        select(Image.id, Image.generator).where(
            Image.collection_id == collection_id, Image.generator != ""
        )
    )
    return dict(rows.tuples().all())


def _by_generator(
    made_by: NDArray[np.object_],
    fake: NDArray[np.bool_],
    logit: NDArray[np.float32],
    group: NDArray[np.object_],
) -> dict[str, GeneratorResult]:
    results = {}
    for name in sorted(set(made_by[fake]) - {""}):
        own = fake & (made_by == name)
        against = own | ~fake
        if called_fake := share_with_interval(logit[own] > 0, group[own]):
            results[name] = GeneratorResult(
                n=int(own.sum()),
                called_fake=called_fake.value,
                called_fake_interval=(called_fake.low, called_fake.high),
                auc=auc(own[against], logit[against]),
            )
    return results
