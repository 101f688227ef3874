"""Distillers for benchmarks, trained as the workbench trains them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.encoded import Encoded
from workbench.analysis.concepts.learn import Learned
from workbench.analysis.cross_fitting.heads import CrossFittedHeads, Head
from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.distiller.gather import Patches
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.distiller.paper_training import train_as_the_paper
from workbench.analysis.distiller.train import Hyperparameters, Parent, train_by_concept
from workbench.analysis.encoders.protocol import Encoder, Penultimate
from workbench.analysis.kinds.space import Kinds
from workbench.analysis.relevance.methods import default_method, smoothing_of
from workbench.analysis.spelling.projection import Projection
from workbench.config import Settings

DIMENSIONS: int = Settings.model_fields["dimensions"].default
PAPERS_DIMENSIONS = 16

States = Iterable[tuple[NDArray[np.int64], Penultimate]]
"""Some images at a time: their rows in the training set, and their states with patch tokens."""


@dataclass(frozen=True)
class Distilled:
    """A distiller by concepts, with all that a retrain starts from.

    penalty: the chosen one of pooled evidence.
    logit: of each training image, by the head of its fold: cross-fitted.
    """

    heads: CrossFittedHeads[ConceptHead]
    penalty: float
    learned: Learned
    kinds: Kinds
    logit: NDArray[np.float32]

    @property
    def head(self) -> ConceptHead:
        """The final head."""
        return self.heads.final


def distil(
    encoder: Encoder,
    data: TrainingSet,
    states: States,
    *,
    seed: int = 0,
    parent: Distilled | None = None,
) -> Distilled:
    """Train a distiller by concepts; the seed is the dictionary's.

    A retrain starts from its parent's evidence, dictionary and weights.
    """
    before = Parent(parent.heads, parent.penalty) if parent else None
    trained = train_by_concept(
        encoder,
        data,
        ((rows, data.fold[rows], state) for rows, state in states),
        Hyperparameters(
            before.heads.final.dimensions if before else DIMENSIONS,
            smoothing_of(default_method(encoder)),
            seed,
        ),
        parent=before,
    )
    heads, patches = trained.heads, trained.patches
    return Distilled(
        heads,
        trained.penalty,
        trained.learned,
        patches.kinds(data.labels),
        _cross_fitted(heads, patches, data.fold),
    )


def _cross_fitted(
    heads: CrossFittedHeads[ConceptHead], patches: Patches, folds: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Logits of the training images, from evidence that is computed already."""
    z = torch.from_numpy(patches.by_concept(heads.final.dictionary)).float()
    found = np.empty(len(folds), dtype=np.float32)
    for row, each in zip(patches.rows.tolist(), z, strict=True):
        head = heads.head_of(int(folds[row]))
        found[row] = float(head.logit_of(each * head.gain))
    return found


def distil_some(
    encoder: Encoder,
    encoded: Encoded,
    rows: NDArray[np.int64],
    *,
    seed: int = 0,
    turned: NDArray[np.int64] | None = None,
    parent: Distilled | None = None,
) -> Distilled:
    """Train on these pictures, the same again and again where a row is repeated.

    seed: of folds and dictionary.
    turned: which of `rows` are given the other label.
    """
    data = encoded.training_set(rows, seed=seed)
    if turned is not None:
        data.fake[turned] = 1 - data.fake[turned]
    return distil(encoder, data, encoded.in_batches(rows), seed=seed, parent=parent)


def dimensions_of(
    head: Head, encoder: Encoder, encoded: Encoded, rows: NDArray[np.int64]
) -> Tensor:
    """The dimensions of these pictures, (picture, dimension)."""
    return torch.cat(
        [head.dimensions_of(encoder, state) for _, state in encoded.in_batches(rows, head.parts)]
    )


def logits_of(
    head: Head, encoder: Encoder, encoded: Encoded, rows: NDArray[np.int64] | None = None
) -> NDArray[np.float32]:
    """The logits of these pictures, or of all."""
    chosen = np.arange(len(encoded.pictures)) if rows is None else rows
    logits: NDArray[np.float32] = head.logit_of(
        dimensions_of(head, encoder, encoded, chosen)
    ).numpy()
    return logits


def distil_as_the_paper(data: TrainingSet, projection: Projection | None = None) -> DistilledHead:
    """Train the paper's distiller, 16 ReLUs, on embeddings of class tokens; its final head."""
    return train_as_the_paper(data, projection, dimensions=PAPERS_DIMENSIONS).final
