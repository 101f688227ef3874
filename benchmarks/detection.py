"""How well fakes are told from real images, and do dimensions keep their meaning?

`--data DIR` (again and again) names folders with `real/` and `fake/` below, or with a manifest;
without it, the demo set's faces and scenes are used. Figures without a set's name are of the first.

AUC and calibration: 5 folds by source group, the logits of all folds together; the linear probe is
a logistic regression on the same standardised embedding, at the best of three penalties. Sets with
one label are only tested on. Across sets: trained on three quarters of one's groups, tested on
another, as a whole and by generator, against the real images of that other set; where it has none,
against those that the first one held out.

Cross-fitting: a quarter of the groups is held out, on the others a version is trained as the
workbench does; `_cross_validated` figures are of these, each by the head of its fold,
`_held_out` of the quarter, by the final head. They should agree within their intervals.

Dimensions: a quarter of the groups is held out. `dimension_match_resamples` is the mean correlation
of matched dimensions between distillers of five bootstrap resamples of the other images, each with
a seed of its own; `dimension_match_subsets` the same of five draws of 80 % of them.
`dimension_match_retrain`: after a retrain with 5 % of the labels turned, five times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from benchmarks.command import Figures, run_on_folders
from benchmarks.distilling import distil
from benchmarks.encoded import Encoded, default_encoder, encode
from benchmarks.ordinary import demo_folders, pictures
from workbench.analysis.distiller.calibration import expected_calibration_error
from workbench.analysis.distiller.dimensions import match_dimensions
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.protocol import Feature
from workbench.analysis.metrics import auc, auc_with_interval
from workbench.services.pipeline.metrics import figures

FOLDS = 5
REPEATS = 5
TURNED = 0.05
PROBE_PENALTIES = (0.0003, 0.003, 0.03)
"""C of the probe, times the features' number over 9,216 so that it suits any embedding."""


def measure(folders: list[Path], quick: bool) -> Figures:
    """Each set by cross-validation, the first one's dimensions, every pair of sets."""
    encoder = default_encoder()
    sets = {
        folder.name: encode(encoder, pictures(folder, quick=quick), tokens=False)
        for folder in folders or demo_folders()
    }
    both = {name: each for name, each in sets.items() if 0 < each.fake.sum() < len(each.fake)}
    by_set = {name: _folds(each, encoder.features) for name, each in both.items()}
    first = next(iter(both))
    figures: Figures = {
        **by_set[first],
        **_cross_fitted(both[first], encoder.features),
        **_dimensions(both[first], encoder.features),
    }
    for name, each in by_set.items():
        figures |= {f"{key} {name}": value for key, value in each.items()}
    for name, trained in both.items():
        kept, held_out = trained.parted()
        head = distil(trained.subset(kept).training_set(), encoder.features).head
        for other, tested in sets.items():
            if other != name:
                reals = tested if other in both else trained.subset(held_out)
                figures |= dict(_across(name, head, other, tested, reals))
    return figures


def _folds(encoded: Encoded, features: Sequence[Feature]) -> Figures:
    data = encoded.training_set()
    fake = encoded.fake
    distilled = np.zeros(len(fake))
    probed = np.zeros((len(PROBE_PENALTIES), len(fake)))
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    for fitted, tested in splitter.split(fake, fake, data.group):
        head = distil(encoded.subset(fitted).training_set(), features).head
        distilled[tested] = head.logit(data.embedding[tested]).numpy()
        standardised = ((data.embedding - head.mean) / head.scale).numpy()
        for row, penalty in enumerate(PROBE_PENALTIES):
            strength = penalty * 9216 / standardised.shape[1]
            probe = LogisticRegression(C=strength, max_iter=2000)
            probe.fit(standardised[fitted], fake[fitted])
            probed[row, tested] = probe.decision_function(standardised[tested])
    found = auc_with_interval(fake, distilled, data.group, seed=0)
    return {
        "n": len(fake),
        "auc": found.value if found else None,
        "auc_interval": [found.low, found.high] if found else None,
        "auc_linear_probe": max(auc(fake, each) or 0.0 for each in probed),
        "calibration_error": expected_calibration_error(expit(distilled), fake),
    }


def _cross_fitted(encoded: Encoded, features: Sequence[Feature]) -> Figures:
    """What a version says of its training images and of its test set, as the workbench does."""
    kept, held_out = encoded.parted()
    data, tested = (encoded.subset(each).training_set() for each in (kept, held_out))
    trained = distil(data, features)
    found: Figures = {}
    for name, images, logit in (
        ("cross_validated", data, trained.logit),
        ("held_out", tested, trained.head.logit(tested.embedding)),
    ):
        of_images = figures(images.labels, logit.numpy(), images.group, seed=0)
        found |= {
            f"auc_{name}": of_images["auc"],
            f"auc_{name}_interval": [of_images["auc_low"], of_images["auc_high"]],
            f"calibration_error_{name}": of_images["calibration_error"],
        }
    return found


def _dimensions(encoded: Encoded, features: Sequence[Feature]) -> Figures:
    data = encoded.training_set()
    kept, held_out = encoded.parted()
    unseen = data.embedding[torch.from_numpy(held_out)]
    draws = [np.random.default_rng(seed) for seed in range(REPEATS)]

    def activations(indices: NDArray[np.int64], seed: int) -> torch.Tensor:
        trained = distil(encoded.subset(indices).training_set(seed=seed), features)
        return trained.head.activation(unseen)

    resampled = [activations(rng.choice(kept, len(kept)), seed) for seed, rng in enumerate(draws)]
    part = round(0.8 * len(kept))
    subsets = [
        activations(rng.choice(kept, part, replace=False), seed) for seed, rng in enumerate(draws)
    ]
    return {
        "dimension_match_resamples": _match_of_pairs(resampled),
        "dimension_match_subsets": _match_of_pairs(subsets),
        "dimension_match_retrain": _match_after_retrain(encoded.subset(kept), unseen, features),
    }


def _match_of_pairs(activations: list[torch.Tensor]) -> float:
    pairs = combinations(activations, 2)
    return float(np.mean([match_dimensions(first, second).mean() for first, second in pairs]))


def _match_after_retrain(
    encoded: Encoded, unseen: torch.Tensor, features: Sequence[Feature]
) -> float:
    data = encoded.training_set()
    parent = distil(data, features)
    before = parent.head.activation(unseen)
    matches = []
    for seed in range(REPEATS):
        rng = np.random.default_rng(seed)
        turned = rng.choice(len(data.fake), round(TURNED * len(data.fake)), replace=False)
        labels = data.fake.clone()
        labels[turned] = 1 - labels[turned]
        child = distil(replace(data, fake=labels), features, parent=parent)
        matches.append(match_dimensions(before, child.head.activation(unseen)).mean())
    return float(np.mean(matches))


def _across(
    name: str, head: DistilledHead, other: str, tested: Encoded, reals: Encoded
) -> Iterator[tuple[str, object]]:
    """One set's distiller on another set, with 95% intervals."""
    real = head.logit(reals.state.embedding).numpy()[~reals.fake]
    fake = head.logit(tested.state.embedding).numpy()[tested.fake]
    made_by = np.array([each.generator for each in tested.pictures])[tested.fake]
    groups = np.array([each.group for each in tested.pictures])[tested.fake]
    others = np.array([each.group for each in reals.pictures])[~reals.fake]
    for generator in ("", *sorted(set(made_by) - {""})):
        chosen = np.flatnonzero(made_by == generator) if generator else np.arange(len(fake))
        label = np.repeat([True, False], [len(chosen), len(real)])
        score, group = (
            np.concatenate(both) for both in ((fake[chosen], real), (groups[chosen], others))
        )
        found = auc_with_interval(label, score, group, seed=0)
        if found:
            key = f"auc {name} on {other}" + (f", {generator}" if generator else "")
            yield key, [found.value, found.low, found.high]


if __name__ == "__main__":
    run_on_folders(__doc__ or "", measure)
