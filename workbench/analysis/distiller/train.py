"""Train heads by concepts: pooled evidence, that of windows, a dictionary, and the weights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jaxtyping import Integer
from numpy import ndarray

from workbench.analysis.concepts.learn import Learned
from workbench.analysis.cross_fitting.fit import Advance, CrossFitted
from workbench.analysis.cross_fitting.heads import CrossFittedHeads
from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.distiller.concept_training import heads_of_patches
from workbench.analysis.distiller.evidence_training import CrossFittedEvidence, train_evidence
from workbench.analysis.distiller.gather import Patches, patches_of
from workbench.analysis.distiller.window_training import PENALTY, CrossFittedWindows
from workbench.analysis.encoders.protocol import Encoder, Penultimate
from workbench.analysis.spelling.projection import Projection

States = Iterable[tuple[Integer[ndarray, " image"], Integer[ndarray, " image"], Penultimate]]
"""Some training images at a time: their rows and folds, and their states with patch tokens."""


@dataclass(frozen=True)
class Hyperparameters:
    """What is chosen before training.

    concepts: number of concepts, which is that of dimensions; a retrain has its parent's.
    smoothing: of pooled evidence, see `LinearEvidence`.
    seed: of the dictionary.
    """

    concepts: int
    smoothing: float
    seed: int = 0


@dataclass(frozen=True)
class Parent:
    """The heads that a retrain starts from, and the penalty of their pooled evidence."""

    heads: CrossFittedHeads[ConceptHead]
    penalty: float

    @property
    def evidence(self) -> CrossFittedEvidence:
        """Its pooled evidence."""
        folds = {fold: head.evidence for fold, head in self.heads.folds.items()}
        return CrossFitted(self.heads.final.evidence, folds, self.penalty)

    @property
    def windows(self) -> CrossFittedWindows | None:
        """Its evidence of windows, if it has some."""
        final = self.heads.final.windows
        if final is None:
            return None
        folds = {
            fold: head.windows
            for fold, head in self.heads.folds.items()
            if head.windows is not None
        }
        return CrossFitted(final, folds, PENALTY)


@dataclass(frozen=True)
class Trained:
    """Heads by concepts, and what they were made of.

    penalty: the chosen one of pooled evidence.
    patches: of the images that dictionary and weights were learned from, with all evidence.
    """

    heads: CrossFittedHeads[ConceptHead]
    penalty: float
    learned: Learned
    patches: Patches


def train_by_concept(
    encoder: Encoder,
    data: TrainingSet,
    states: States,
    chosen: Hyperparameters,
    *,
    projection: Projection | None = None,
    parent: Parent | None = None,
    advance: Advance = lambda _done, _total: None,
) -> Trained:
    """Train on all images, and what is learned of patches on those that have states.

    ValueError where one label is missing, or for an encoder without content.
    """
    evidence = train_evidence(
        data,
        encoder.features,
        projection,
        smoothing=chosen.smoothing,
        parent=parent.evidence if parent else None,
        advance=advance,
    )
    patches = patches_of(encoder, evidence, states)
    windows = patches.windows(data, parent.windows if parent else None)
    if windows is not None:
        patches = patches.beside(windows, data.fold)
    learned, heads = heads_of_patches(
        patches,
        evidence,
        data,
        concepts=chosen.concepts,
        seed=chosen.seed,
        windows=windows,
        parent=parent.heads.final if parent else None,
    )
    return Trained(heads, evidence.penalty, learned, patches)
