"""The kinds of distillers that a setting chooses between: each on the same training images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from workbench.analysis.cross_fitting.fit import Advance, CrossFitted
from workbench.analysis.cross_fitting.heads import CrossFittedHeads, Head
from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.distiller import concept_training, paper_training
from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.distiller.paper_training import train_as_the_paper
from workbench.analysis.distiller.train import Hyperparameters, Parent, train_by_concept
from workbench.analysis.encoders.protocol import Encoder, Part, Penultimate
from workbench.analysis.kinds.space import Kinds
from workbench.analysis.relevance.methods import smoothing_of
from workbench.analysis.spelling.projection import Projection
from workbench.config import Settings
from workbench.services.encoding.states import some_shards_of, states_of

Kind = TypeVar("Kind", bound=Head)

MOST_IMAGES = 1500
"""Most images that windows, dictionary and the weights of the dimensions are learned from: of each,
about 1.3 MB are held."""
NEEDED: frozenset[Part] = frozenset({"patch_tokens"})


@dataclass(frozen=True)
class Material:
    """What a distiller is trained on.

    images: ids of the training images, in the order of `data`.
    """

    collection_id: int
    images: list[int]
    data: TrainingSet
    encoder: Encoder
    projection: Projection | None


@dataclass(frozen=True)
class Known:
    """What a retrain starts from: its parent's heads and penalty.

    heads: of folds only where the retrain has the same folds; others may have seen their images.
    """

    heads: CrossFittedHeads[Head]
    penalty: float


@dataclass(frozen=True)
class Made:
    """Trained heads, and what else a version keeps of the training.

    new_concepts: numbers of dimensions that mean something else than the parent's.
    kinds: what regions do differently; None where no patch is given evidence in training.
    """

    heads: CrossFittedHeads[Head]
    penalty: float
    new_concepts: list[int]
    kinds: Kinds | None = None


@dataclass(frozen=True)
class Distiller:
    """A kind of distiller.

    kind: kept with its versions.
    needs_folds: whether a retrain can start from a parent only where it has the parent's folds.
    """

    kind: str
    train: Callable[[Material, Known | None, Settings, Advance], Made]
    needs_folds: bool


def _by_concept(
    material: Material, known: Known | None, settings: Settings, advance: Advance
) -> Made:
    """Pooled evidence of all images; windows and dictionary from the tokens of some of them."""
    trained = train_by_concept(
        material.encoder,
        material.data,
        _states(material, settings),
        Hyperparameters(settings.dimensions, smoothing_of(settings.method), settings.seed),
        projection=material.projection,
        parent=Parent(_of_kind(known.heads, ConceptHead), known.penalty) if known else None,
        advance=advance,
    )
    new = trained.learned.born.tolist() if known else []
    kinds = trained.patches.kinds(material.data.labels)
    return Made(trained.heads, trained.penalty, new, kinds)


def _states(
    material: Material, settings: Settings
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], Penultimate]]:
    """Rows, folds and states of some of the images, a shard at a time."""
    collection_id, encoder = material.collection_id, material.encoder
    some = some_shards_of(collection_id, material.images, MOST_IMAGES, encoder, seed=settings.seed)
    row_of = {image_id: row for row, image_id in enumerate(material.images)}
    for ids, state in states_of(collection_id, some, NEEDED, encoder, settings):
        rows = np.array([row_of[each] for each in ids])
        yield rows, material.data.fold[rows], state


def _as_the_paper(
    material: Material, known: Known | None, settings: Settings, advance: Advance
) -> Made:
    parent = None
    if known is not None:
        heads = _of_kind(known.heads, DistilledHead)
        parent = CrossFitted(heads.final, heads.folds, known.penalty)
    found = train_as_the_paper(
        material.data,
        material.projection,
        dimensions=settings.dimensions,
        seed=settings.seed,
        parent=parent,
        advance=advance,
    )
    return Made(CrossFittedHeads(found.final, found.folds), found.penalty, [])


def _of_kind(heads: CrossFittedHeads[Head], kind: type[Kind]) -> CrossFittedHeads[Kind]:
    """The same heads, known to be of one kind; TypeError where one is not."""
    folds: dict[int, Kind] = {}
    for fold, head in heads.folds.items():
        folds[fold] = _checked(head, kind)
    return CrossFittedHeads(_checked(heads.final, kind), folds)


def _checked(head: Head, kind: type[Kind]) -> Kind:
    if not isinstance(head, kind):
        raise TypeError(f"a {kind.__name__} is expected, not a {type(head).__name__}")
    return head


DISTILLERS: Mapping[str, Distiller] = {
    "concepts": Distiller(concept_training.KIND, _by_concept, needs_folds=False),
    "paper": Distiller(paper_training.KIND, _as_the_paper, needs_folds=True),
}
"""By the value of the setting."""
