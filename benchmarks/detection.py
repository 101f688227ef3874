"""How well fakes are told from real images, and do dimensions keep their meaning?

`--data DIR` (again and again) names folders with `real/` and `fake/` below, or with a manifest;
without it, the demo set's faces and scenes are used. Figures without a set's name are of the first.

AUC and calibration: 5 folds by source group, the logits of all folds together; the linear probe is
a logistic regression on the same standardised columns, those that evidence is made of, at the best
of three penalties. Sets with one label are only tested on. Across sets: trained on three quarters
of one's groups, tested on another, as a whole and by generator, against the real images of that
other set; where it has none, against those that the first one held out.

Cross-fitting: a quarter of the groups is held out, on the others a version is trained as the
workbench does; `_cross_validated` figures are of these, each by the head of its fold,
`_held_out` of the quarter, by the final head. They should agree within their intervals.

Dimensions: a quarter of the groups is held out. `dimension_match_resamples` is the mean correlation
of matched dimensions between distillers of five bootstrap resamples of the other images, each with
a seed and a concept dictionary of its own; `dimension_match_subsets` the same of five draws of 80 %
of them. `dimension_match_retrain`: after a retrain that starts from the parent's evidence,
dictionary and weights, with 5 % of the labels turned, five times.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from torch import Tensor

from benchmarks.command import Figures, run_on_folders
from benchmarks.distilling import dimensions_of, distil_some, logits_of
from benchmarks.encoded import Encoded, Picture, default_encoder, encode
from benchmarks.ordinary import demo_folders, pictures
from workbench.analysis.cross_fitting.calibration import expected_calibration_error
from workbench.analysis.distiller.dimensions import match_dimensions
from workbench.analysis.distiller.linear_evidence import evidence_columns
from workbench.analysis.encoders.protocol import Encoder
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
        folder.name: encode(encoder, pictures(folder, quick=quick))
        for folder in folders or demo_folders()
    }
    both = {name: each for name, each in sets.items() if 0 < each.fake.sum() < len(each.fake)}
    by_set = {name: _folds(each, encoder) for name, each in both.items()}
    first = next(iter(both))
    figures: Figures = {
        **by_set[first],
        **_cross_fitted(both[first], encoder),
        **_dimensions(both[first], encoder),
    }
    for name, each in by_set.items():
        figures |= {f"{key} {name}": value for key, value in each.items()}
    for name, trained in both.items() if len(sets) > 1 else ():
        kept, held_out = trained.parted()
        head = distil_some(encoder, trained, kept).head
        logits = {other: logits_of(head, encoder, sets[other]) for other in sets if other != name}
        own = _Scored.of(trained, held_out, logits_of(head, encoder, trained, held_out))
        for other, logit in logits.items():
            tested = _Scored.of(sets[other], np.arange(len(logit)), logit)
            reals = tested if other in both else own
            figures |= dict(_across(f"auc {name} on {other}", tested, reals))
    return figures


def _folds(encoded: Encoded, encoder: Encoder) -> Figures:
    data = encoded.training_set()
    fake = encoded.fake
    distilled = np.zeros(len(fake))
    probed = np.zeros((len(PROBE_PENALTIES), len(fake)))
    columns = evidence_columns(encoder.features, None)
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    for fitted, tested in splitter.split(fake, fake, data.group):
        head = distil_some(encoder, encoded, fitted).head
        distilled[tested] = logits_of(head, encoder, encoded, tested)
        mean, scale = head.evidence.mean, head.evidence.scale
        standardised = ((data.embedding - mean) / scale)[:, columns].numpy()
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


def _cross_fitted(encoded: Encoded, encoder: Encoder) -> Figures:
    """What a version says of its training images and of its test set, as the workbench does."""
    kept, held_out = encoded.parted()
    trained = distil_some(encoder, encoded, kept)
    found: Figures = {}
    for name, rows, logit in (
        ("cross_validated", kept, trained.logit),
        ("held_out", held_out, logits_of(trained.head, encoder, encoded, held_out)),
    ):
        of_images = figures(encoded.fake[rows], logit, encoded.group[rows], seed=0)
        found |= {
            f"auc_{name}": of_images["auc"],
            f"auc_{name}_interval": [of_images["auc_low"], of_images["auc_high"]],
            f"calibration_error_{name}": of_images["calibration_error"],
        }
    return found


def _dimensions(encoded: Encoded, encoder: Encoder) -> Figures:
    kept, held_out = encoded.parted()
    draws = [np.random.default_rng(seed) for seed in range(REPEATS)]

    def dimensions(rows: NDArray[np.int64], seed: int) -> Tensor:
        head = distil_some(encoder, encoded, rows, seed=seed).head
        return dimensions_of(head, encoder, encoded, held_out)

    resampled = [dimensions(rng.choice(kept, len(kept)), seed) for seed, rng in enumerate(draws)]
    part = round(0.8 * len(kept))
    subsets = [
        dimensions(rng.choice(kept, part, replace=False), seed) for seed, rng in enumerate(draws)
    ]
    return {
        "dimension_match_resamples": _match_of_pairs(resampled),
        "dimension_match_subsets": _match_of_pairs(subsets),
        "dimension_match_retrain": _match_after_retrain(encoded, encoder, kept, held_out),
    }


def _match_of_pairs(dimensions: list[Tensor]) -> float:
    pairs = combinations(dimensions, 2)
    return float(np.mean([match_dimensions(first, second).mean() for first, second in pairs]))


def _match_after_retrain(
    encoded: Encoded, encoder: Encoder, kept: NDArray[np.int64], held_out: NDArray[np.int64]
) -> float:
    parent = distil_some(encoder, encoded, kept)
    before = dimensions_of(parent.head, encoder, encoded, held_out)
    matches = []
    for seed in range(REPEATS):
        rng = np.random.default_rng(seed)
        turned = rng.choice(len(kept), round(TURNED * len(kept)), replace=False)
        child = distil_some(encoder, encoded, kept, turned=turned, parent=parent)
        after = dimensions_of(child.head, encoder, encoded, held_out)
        matches.append(match_dimensions(before, after).mean())
    return float(np.mean(matches))


@dataclass(frozen=True)
class _Scored:
    """Pictures of one set, scored by a distiller of another."""

    pictures: tuple[Picture, ...]
    logit: NDArray[np.float32]

    @classmethod
    def of(cls, encoded: Encoded, rows: NDArray[np.int64], logit: NDArray[np.float32]) -> _Scored:
        return cls(tuple(encoded.pictures[each] for each in rows), logit)

    def side(self, *, fake: bool) -> _Scored:
        """The fakes of them, or the real ones."""
        chosen = np.flatnonzero([each.fake == fake for each in self.pictures])
        return _Scored(tuple(self.pictures[each] for each in chosen), self.logit[chosen])


def _across(name: str, tested: _Scored, reals: _Scored) -> Iterator[tuple[str, object]]:
    """One set's distiller on another set, with 95% intervals."""
    real, fake = reals.side(fake=False), tested.side(fake=True)
    made_by = np.array([each.generator for each in fake.pictures])
    groups = np.array([each.group for each in fake.pictures])
    others = np.array([each.group for each in real.pictures])
    for generator in ("", *sorted(set(made_by) - {""})):
        chosen = np.flatnonzero(made_by == generator) if generator else np.arange(len(made_by))
        label = np.repeat([True, False], [len(chosen), len(others)])
        score = np.concatenate([fake.logit[chosen], real.logit])
        group = np.concatenate([groups[chosen], others])
        found = auc_with_interval(label, score, group, seed=0)
        if found:
            yield (
                name + (f", {generator}" if generator else ""),
                [found.value, found.low, found.high],
            )


if __name__ == "__main__":
    run_on_folders(__doc__ or "", measure)
