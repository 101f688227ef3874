"""Do the maps point at what was planted? Held-out photographs, rightly detected fakes.

Pointing game: share of images whose strongest patch lies on the mask. Average precision: the
patches' contributions as a score for lying on the mask. Random: the same of shuffled patches.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from benchmarks.command import Figures, run
from benchmarks.encoded import default_encoder, encode
from benchmarks.planted import planted
from workbench.analysis.distiller import train
from workbench.analysis.metrics import auc
from workbench.analysis.relevance import default_method, token_maps

DIMENSIONS = 16


def measure(quick: bool) -> Figures:
    """Train on the photographs that are not held out, explain the others."""
    truth = planted(quick=quick)
    encoder = default_encoder()
    encoded = encode(encoder, truth.pictures)
    training, test = (encoded.subset(np.flatnonzero(s)) for s in (~truth.held_out, truth.held_out))
    head = train(training.training_set(), dimensions=DIMENSIONS, seeds=(0, 1, 2)).head
    logit = head.logit(test.state.embedding).numpy()
    detected = np.flatnonzero(test.fake & (logit > 0))
    masks = [
        truth.mask(place, *encoder.grid).ravel()
        for place in np.flatnonzero(truth.held_out)[detected]
    ]
    method = default_method(encoder)
    maps = token_maps(method, encoder, head, test.subset(detected).state).maps
    total = (maps * head.logit_weight[:, None]).sum(dim=1).numpy()
    shuffled = np.random.default_rng(0).permuted(total, axis=1)
    return {
        "method": method,
        "auc": auc(test.fake, logit),
        "images": len(detected),
        "chance": float(np.mean([mask.mean() for mask in masks])),
        "pointing_default": _pointing(total, masks),
        "pointing_random": _pointing(shuffled, masks),
        "average_precision_default": _precision(total, masks),
        "average_precision_random": _precision(shuffled, masks),
    }


def _pointing(total: NDArray[np.float32], masks: list[NDArray[np.bool_]]) -> float:
    return float(np.mean([mask[each.argmax()] for each, mask in zip(total, masks, strict=True)]))


def _precision(total: NDArray[np.float32], masks: list[NDArray[np.bool_]]) -> float:
    return float(
        np.mean(
            [
                average_precision_score(mask, each)
                for each, mask in zip(total, masks, strict=True)
                if mask.any()
            ]
        )
    )


if __name__ == "__main__":
    run(__doc__ or "", measure)
