"""Heads by concepts: evidence, a dictionary, and the weights of the dimensions, cross-fitted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Integer
from numpy import ndarray

from workbench.analysis.concepts.dictionary import ConceptDictionary
from workbench.analysis.concepts.learn import Learned
from workbench.analysis.cross_fitting.heads import CrossFittedHeads
from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.distiller.concept_head import ConceptHead, silent
from workbench.analysis.distiller.concept_weights import ConceptWeights, weigh
from workbench.analysis.distiller.evidence_training import CrossFittedEvidence
from workbench.analysis.distiller.gather import Patches
from workbench.analysis.distiller.window_evidence import WindowEvidence
from workbench.analysis.distiller.window_training import CrossFittedWindows

KIND = "evidence by concept"
"""Kept with a version: a retrain can start only from a parent that was built the same way."""


@dataclass(frozen=True)
class Gathered:
    """Evidence of training images gathered by concept, each image's by what its fold learned.

    z: before weighing, in logits.
    """

    z: Float[ndarray, "image dimension"]
    fake: ndarray
    weight: Float[ndarray, " image"]
    fold: Integer[ndarray, " image"]


def heads_of_patches(
    patches: Patches,
    evidence: CrossFittedEvidence,
    data: TrainingSet,
    *,
    concepts: int,
    seed: int,
    windows: CrossFittedWindows | None = None,
    parent: ConceptHead | None = None,
) -> tuple[Learned, CrossFittedHeads[ConceptHead]]:
    """Learn the dictionary from patches of the training set, and build the heads on it.

    patches: with the evidence of `windows` added, where there is some.

    With a `parent`, the final head of a version with as many concepts, both start from its.
    """
    known = parent.dictionary if parent else None
    learned = patches.dictionary(concepts, seed=seed, parent=known)
    gathered = Gathered(
        patches.by_concept(learned.dictionary),
        data.labels[patches.rows],
        data.weight.numpy()[patches.rows].astype(float),
        data.fold[patches.rows],
    )
    heads = concept_heads(evidence, learned.dictionary, gathered, windows=windows, parent=parent)
    return learned, heads


def concept_heads(
    evidence: CrossFittedEvidence,
    dictionary: ConceptDictionary,
    gathered: Gathered,
    *,
    windows: CrossFittedWindows | None = None,
    parent: ConceptHead | None = None,
) -> CrossFittedHeads[ConceptHead]:
    """Weigh the dimensions and build the heads of a version.

    The final head's weights are fitted (`weigh`) on all gathered images, a fold's on those of other
    folds, so that an image's own label turns no weight of the head that scores it. Heads share the
    final weights; what a fold's would be instead is in its `gain`. With a `parent`, weights start
    from its; without one, dimensions are ordered by mean |w_k z_k|, the strongest first.
    """
    if parent is None:
        order = np.argsort(-np.abs(gathered.z).mean(axis=0), kind="stable")
        gathered = replace(gathered, z=gathered.z[:, order])
        dictionary = replace(dictionary, centres=dictionary.centres[torch.from_numpy(order)])
    known = None if parent is None else np.log(parent.logit_weight.numpy().astype(float))
    every = np.ones(len(gathered.fold), dtype=bool)
    of_all = _weights(gathered, every, known)
    final = ConceptHead(
        evidence.final,
        dictionary,
        gain=torch.ones(len(dictionary)),
        logit_weight=_tensor(np.exp(of_all.log_weight)),
        logit_bias=of_all.bias,
        windows=None if windows is None else windows.final,
    )
    folds = {}
    for fold, learned in evidence.folds.items():
        if not bool(learned.weight.any()):
            folds[fold] = silent(final)
            continue
        of_others = _weights(gathered, gathered.fold != fold, known)
        folds[fold] = replace(
            final,
            evidence=learned,
            gain=_tensor(np.exp(of_others.log_weight - of_all.log_weight)),
            logit_bias=of_others.bias,
            windows=_windows_of(windows, fold),
        )
    return CrossFittedHeads(final, folds)


def _windows_of(windows: CrossFittedWindows | None, fold: int) -> WindowEvidence | None:
    """Choose those not learned from the fold; of one of which no image was gathered, the final."""
    return None if windows is None else windows.folds.get(fold, windows.final)


def _weights(
    gathered: Gathered, chosen: ndarray, known: Float[ndarray, " dimension"] | None
) -> ConceptWeights:
    return weigh(gathered.z[chosen], gathered.fake[chosen], gathered.weight[chosen], known=known)


def _tensor(values: ndarray) -> torch.Tensor:
    return torch.from_numpy(values).float()
