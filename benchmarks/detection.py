"""How well fakes are told from real images: 5 folds on each set, and one set's model on another.

`--data DIR` (again and again) names folders with `real/` and `fake/` below; without it, the demo
set's faces and scenes are used.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from benchmarks.command import Figures, parser, show
from benchmarks.encoded import Encoded, default_encoder, encode
from benchmarks.ordinary import demo_folders, pictures
from workbench.analysis.distiller import train
from workbench.analysis.metrics import auc, auc_with_interval

FOLDS = 5
DIMENSIONS = 16


def measure(folders: list[Path], *, quick: bool) -> Figures:
    """AUC by cross-validation on each set, of the distiller and of a linear probe beside it."""
    encoder = default_encoder()
    sets = {
        folder.name: encode(encoder, pictures(folder, quick=quick), tokens=False)
        for folder in folders or demo_folders()
    }
    figures: Figures = {}
    for name, encoded in sets.items():
        figures |= {f"{key} {name}": value for key, value in _folds(encoded).items()}
    for trained, tested in product(sets, sets):
        if trained != tested and 0 < sets[tested].fake.sum() < len(sets[tested].fake):
            figures[f"auc {trained} on {tested}"] = _across(sets[trained], sets[tested])
    first = next(iter(sets))
    figures["auc"] = figures[f"auc {first}"]
    figures["auc_linear_probe"] = figures[f"auc_linear_probe {first}"]
    return figures


def _folds(encoded: Encoded) -> Figures:
    data = encoded.training_set()
    fake = encoded.fake
    distilled, probed = np.zeros(len(fake)), np.zeros(len(fake))
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    for fitted, tested in splitter.split(fake, fake, data.group):
        training = encoded.subset(fitted).training_set()
        head = train(training, dimensions=DIMENSIONS, seeds=(0, 1, 2)).head
        distilled[tested] = head.logit(data.embedding[tested]).numpy()
        probe = LogisticRegression(C=0.01, max_iter=2000)
        standardised = ((data.embedding - head.mean) / head.scale).numpy()
        probe.fit(standardised[fitted], fake[fitted])
        probed[tested] = probe.decision_function(standardised[tested])
    found = auc_with_interval(fake, distilled, seed=0)
    return {
        "n": len(fake),
        "auc": found.value if found else None,
        "auc_interval": [found.low, found.high] if found else None,
        "auc_linear_probe": auc(fake, probed),
    }


def _across(trained: Encoded, tested: Encoded) -> float | None:
    head = train(trained.training_set(), dimensions=DIMENSIONS, seeds=(0, 1, 2)).head
    return auc(tested.fake, head.logit(tested.state.embedding).numpy())


def main() -> None:
    """Parse, measure, print."""
    options = parser(__doc__ or "")
    options.add_argument("--data", type=Path, action="append", default=[], metavar="DIR")
    chosen = options.parse_args()
    show(measure(chosen.data, quick=chosen.quick), as_json=chosen.json)


if __name__ == "__main__":
    main()
