"""Training of evidence: one convex regression on all columns, cross-fitted and calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Integer
from numpy import ndarray
from torch import Tensor

from workbench.analysis.cross_fitting.calibration import Calibration
from workbench.analysis.cross_fitting.fit import Advance, CrossFitted, cross_fit
from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.distiller.linear_evidence import LinearEvidence, evidence_columns
from workbench.analysis.distiller.regression import ANCHOR, Design, regress
from workbench.analysis.encoders.protocol import Feature
from workbench.analysis.encoders.standardisation import standardisation
from workbench.analysis.spelling.projection import Projection

PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Weights of the squared norm to choose from; the large ones are for labels with many errors."""

CrossFittedEvidence = CrossFitted[LinearEvidence]


def train_evidence(
    data: TrainingSet,
    features: Sequence[Feature],
    projection: Projection | None,
    *,
    smoothing: float,
    parent: CrossFittedEvidence | None = None,
    advance: Advance = lambda _done, _total: None,
) -> CrossFittedEvidence:
    """Learn evidence from all training images, and from the outside of each fold.

    A logistic regression with a squared penalty on all columns that decompose over the patches; the
    loss has one minimum, so the evidence depends on the images alone. Its penalty is chosen of
    `PENALTIES`, and it is calibrated, by `cross_fit`. With a `parent` the squared norm, times
    `ANCHOR`, is that of the difference to its weights. Evidence is in logits.

    data: with embeddings x; columns without evidence get weight 0.

    ValueError where one label is missing.
    """
    data.check_labels()
    columns = evidence_columns(features, projection)
    if projection is not None:
        data = replace(data, embedding=projection.project(data.embedding))
    if parent is None:
        mean, scale = standardisation(data.embedding)
    else:
        mean, scale = parent.final.mean, parent.final.scale
    blank = LinearEvidence(mean, scale, torch.zeros_like(mean), smoothing, projection)
    return cross_fit(_Regression(columns.numpy(), blank), data, parent=parent, advance=advance)


@dataclass(frozen=True)
class _Regression:
    """Evidence as a learner fits it: on these columns, in the blank's standardisation."""

    columns: Integer[ndarray, " column"]
    blank: LinearEvidence
    penalties: Sequence[float] = PENALTIES

    def fit(
        self, data: TrainingSet, penalties: Sequence[float], start: LinearEvidence | None
    ) -> list[LinearEvidence]:
        """Regress; near the start's weights where there are any."""
        design = Design.of(data, self.columns, self.blank.mean, self.blank.scale)
        # Weights that are all 0 are nothing to start from, and their anchor would hold them there.
        if start is not None and bool(start.weight.any()):
            offset = design.x @ start.weight
            found = [start.weight + regress(design, ANCHOR, offset=offset)]
        else:
            offset = torch.zeros(len(design.x))
            found = [regress(design, penalty, offset=offset) for penalty in penalties]
        return [replace(self.blank, weight=weight) for weight in found]

    def score(self, model: LinearEvidence, data: TrainingSet) -> Float[ndarray, " image"]:
        """Compute the evidence of whole images."""
        x: Tensor = (data.embedding - self.blank.mean) / self.blank.scale
        found: Float[ndarray, " image"] = (x @ model.weight).numpy().astype(float)
        return found

    def calibrated(self, model: LinearEvidence | None, calibration: Calibration) -> LinearEvidence:
        """Bring evidence to logits; the threshold is left to what gathers it."""
        if model is None:
            return self.blank
        return replace(self.blank, weight=model.weight * calibration.slope)
