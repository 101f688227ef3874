"""The curated dataset: imported labels, overridden by what people finally decided."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace

from sqlalchemy import func, insert, select

from workbench.analysis.cross_fitting.folds import Folds
from workbench.services.review.decisions import final_decisions, label_by
from workbench.services.training.folds import ToDivide, divided, folds_of
from workbench.store.chunks import write_in_chunks
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.judgements import Verdict
from workbench.store.versions import CuratedDataset, CuratedItem, TrainingRun

UNSURE_WEIGHT = 0.5
"""An image of which people are unsure, or on which they disagree, counts half."""


@dataclass(frozen=True)
class FinalLabel:
    """What training takes an image for."""

    image_id: int
    label: str
    weight: float
    held_out: bool
    group_key: str
    overturned: bool
    """Decided against the imported label."""
    fold: int | None = None
    """Of a training image, once the dataset is frozen."""


@dataclass(frozen=True)
class FrozenDataset:
    """A curated dataset as it was written, with its labels by image id."""

    id: int
    collection_id: int
    labels: tuple[FinalLabel, ...]
    folds: Folds
    """How its training images were divided."""


def final_labels(collection_id: int) -> list[FinalLabel]:
    """Every image with a final label that is not excluded, by id, with that label and its weight.

    An image that came without a label has none until somebody decides what it is.
    """
    decisions = final_decisions(collection_id)
    rows = session().execute(
        select(Image.id, Image.label, Image.held_out, Image.group_key)
        .where(Image.collection_id == collection_id)
        .order_by(Image.id)
    )
    found = (
        _finally(image_id, label, held_out, group_key, decisions.get(image_id))
        for image_id, label, held_out, group_key in rows
        if decisions.get(image_id) != "exclude"
    )
    return [each for each in found if each is not None]


def _finally(
    image_id: int, label: str | None, held_out: bool, group_key: str, decision: str | None
) -> FinalLabel | None:
    final = label_by(label, decision)
    if final is None:
        return None
    return FinalLabel(
        image_id=image_id,
        label=final,
        weight=UNSURE_WEIGHT if decision == "unsure" else 1.0,
        held_out=held_out,
        group_key=group_key,
        overturned=label is not None and final != label,
    )


def freeze(
    collection_id: int,
    run_id: int | None = None,
    *,
    parent_id: int | None = None,
    seed: int = 0,
) -> FrozenDataset:
    """Write the curated dataset as it stands now, in chunks, and hand it on.

    Images keep the folds that they have in the parent version. The dataset is its run's from the
    same moment on that it is there: the end of the run decides about it.
    """
    # First: a verdict that comes between is then learned and counted as new, and never neither.
    last_verdict = session().scalar(select(func.max(Verdict.id))) or 0
    labels, folds = _in_folds(final_labels(collection_id), folds_of(parent_id), seed)
    dataset = CuratedDataset(
        collection_id=collection_id,
        sha256=_fingerprint(labels),
        counts=_counts(labels) | _left_out(collection_id, labels),
        last_verdict_id=last_verdict,
    )
    with transaction() as write:
        write.add(dataset)
        write.flush()
        dataset_id = dataset.id
        if run_id is not None:
            write.get_one(TrainingRun, run_id).dataset_id = dataset_id
    rows = [
        {
            "dataset_id": dataset_id,
            "image_id": item.image_id,
            "label": item.label,
            "weight": item.weight,
            "held_out": item.held_out,
            "fold": item.fold,
        }
        for item in labels
    ]
    write_in_chunks(rows, lambda write, chunk: write.execute(insert(CuratedItem), chunk))
    return FrozenDataset(dataset_id, collection_id, tuple(labels), folds)


def _in_folds(
    labels: list[FinalLabel], known: dict[int, int], seed: int
) -> tuple[list[FinalLabel], Folds]:
    training = [
        ToDivide(each.image_id, each.label == "fake", each.group_key)
        for each in labels
        if not each.held_out
    ]
    by_image, folds = divided(training, known, seed=seed)
    return [replace(each, fold=by_image.get(each.image_id)) for each in labels], folds


def _fingerprint(labels: list[FinalLabel]) -> str:
    lines = (f"{item.image_id} {item.label} {item.weight} {item.held_out}" for item in labels)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _left_out(collection_id: int, labels: list[FinalLabel]) -> dict[str, int]:
    """The images that are in no dataset: excluded by somebody, or without a label so far."""
    here = Image.collection_id == collection_id
    total = session().scalar(select(func.count()).select_from(Image).where(here)) or 0
    excluded = sum(each == "exclude" for each in final_decisions(collection_id).values())
    return {"excluded": excluded, "unlabelled": total - len(labels) - excluded}


def _counts(labels: list[FinalLabel]) -> dict[str, int]:
    by_label = Counter(item.label for item in labels)
    return {
        "images": len(labels),
        "real": by_label["real"],
        "fake": by_label["fake"],
        "overturned": sum(item.overturned for item in labels),
        "unsure": sum(item.weight < 1.0 for item in labels),
        "held_out": sum(item.held_out for item in labels),
    }
