"""Do the maps point at what was planted, say what the score hangs on, and change with the model?

Three models (`benchmarks.explained`): the default distiller on the default features; the paper's
on the last block's class token alone, `paper`; and the sum of their logits, `joint`.

Localisation (`benchmarks.localisation`), on fakes of held-out photographs that each distiller
detects: `pointing_default` is the default method's on the default features, `pointing_last_block`
the paper's method on the paper's embedding. Chance is the mean share of patches on the mask.
The planted kinds are those to build with. Keys that end in `_unseen_kinds` are of kinds that
nothing was chosen by, in photographs of their own, `_five_kinds` of the demo set's five: distillers
are trained and maps measured on each set in the same way (`benchmarks.planted`);
`pointing_unseen_kinds` is short for `pointing_default_unseen_kinds`.

Faithfulness (`benchmarks.faithfulness`): deletion, insertion and MuFidelity of the joint logit, of
which each method explains its part: the default against `last_block`, the class token's attention
in the last block, random maps and a centre prior. On planted fakes of held-out photographs, and on
rightly called images, real and fake, of ordinary sets: the demo set's faces and scenes, or those of
`--data DIR` (again and again). A comparison is won where the whole 95% interval of the paired
difference is in the default's favour. The same maps are held to the default logit beside it.

Sanity (`benchmarks.sanity`): what is left of the default's maps in a randomised model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold
from torch import Tensor

from benchmarks import faithfulness, localisation, sanity
from benchmarks.command import Figures, run_on_folders
from benchmarks.explained import Models, train_models
from benchmarks.faithfulness_metrics import centre_prior
from benchmarks.ordinary import demo_folders, pictures
from benchmarks.planted import FIVE, SUFFIXES, planted
from benchmarks.planted_sets import ASIDE, BUILD
from workbench.analysis.relevance.methods import default_method

FOLDS = 5


@dataclass(frozen=True)
class Effort:
    """How many images are masked and encoded again, and how often."""

    planted: int
    ordinary: int
    """Of each set."""
    curves: faithfulness.Effort
    sanity_images: int
    sanity: sanity.Effort


FULL = Effort(
    planted=40,
    ordinary=16,
    curves=faithfulness.Effort(steps=6, subsets=24),
    sanity_images=16,
    sanity=sanity.Effort(distillers=100, encoders=10),
)
QUICK = Effort(
    planted=8,
    ordinary=4,
    curves=faithfulness.Effort(steps=4, subsets=12),
    sanity_images=8,
    sanity=sanity.Effort(distillers=20, encoders=3),
)


def measure(folders: list[Path], quick: bool) -> Figures:
    """Train on the photographs that are not held out, explain the others."""
    effort = QUICK if quick else FULL
    truth = planted(BUILD, quick=quick)
    models = train_models(truth.pictures, ~truth.held_out)
    figures = localisation.measure(models, truth)
    for name in (ASIDE, FIVE):
        figures |= _localised(name, quick=quick)
    fakes = np.flatnonzero(models.fake & truth.held_out & models.called_right("joint"))
    chosen = _some(fakes, effort.planted)
    figures |= _verdicts([_faithfulness(models, chosen, effort.curves)], "planted")
    sets = [_of_ordinary(folder, effort, quick=quick) for folder in folders or demo_folders()]
    figures |= _verdicts(sets, "ordinary")
    for key in ("wins", "comparisons"):
        figures[f"faithfulness_{key}"] = figures[f"{key} planted"] + figures[f"{key} ordinary"]
    method = default_method(models.default.encoder)
    pixels = models.pixels(_some(fakes, effort.sanity_images))
    return figures | sanity.measure(models.default, method, pixels, effort.sanity)


def _localised(name: str, *, quick: bool) -> Figures:
    """The same on another set."""
    truth = planted(name, quick=quick)
    found = localisation.measure(train_models(truth.pictures, ~truth.held_out), truth)
    suffix = SUFFIXES[name]
    short = {f"{key}{suffix}": found[f"{key}_default"] for key in ("pointing", "average_precision")}
    return short | {f"{key}{suffix}": value for key, value in found.items()}


def _some(indices: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """So many of them, drawn at random, in their order."""
    return np.sort(np.random.default_rng(0).permutation(indices)[:count])


Judged = tuple[dict[str, faithfulness.Values], NDArray[np.str_]]


def _of_ordinary(folder: Path, effort: Effort, *, quick: bool) -> Judged:
    """A fifth of a set's sources held out, and some of their rightly called images explained."""
    found = pictures(folder, quick=quick)
    fake = np.array([each.fake for each in found])
    group = np.array([each.group for each in found])
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    training, test = next(splitter.split(fake, fake, group))
    models = train_models(found, np.isin(np.arange(len(found)), training))
    right = test[models.called_right("joint")[test]]
    return _faithfulness(models, _some(right, effort.ordinary), effort.curves)


def _faithfulness(
    models: Models, indices: NDArray[np.int64], effort: faithfulness.Effort
) -> Judged:
    """Every metric of every method, for the joint logit and for the default's."""
    pixels = models.pixels(indices)
    side = torch.from_numpy(np.where(models.fake[indices], 1.0, -1.0)).float()
    subject = faithfulness.Subject(pixels, side, _maps(models, pixels, side))
    default = replace(models.joint, heads=models.joint.heads[:1])
    logits = {"joint": models.joint.logit, "default": default.logit}
    values = faithfulness.measure(models.joint.encoder, logits, subject, effort)
    return values, np.array([models.pictures[index].group for index in indices])


def _maps(models: Models, pixels: Tensor, side: Tensor) -> dict[str, Tensor]:
    """By method, larger where a patch speaks for the image's side.

    Contributions have a sign; attention, random maps and the centre know of none.
    """
    model = models.joint
    default = default_method(model.encoder)
    states = model.states(pixels, default, "last_block")
    toward = {
        faithfulness.DEFAULT: model.contributions(default, states),
        "last_block": model.contributions("last_block", states),
    }
    centre = centre_prior(model.encoder.grid)
    generator = torch.Generator().manual_seed(0)
    return {name: side[:, None] * each for name, each in toward.items()} | {
        "attention": model.attention(states),
        "random": torch.randn(len(pixels), len(centre), generator=generator),
        "centre": centre.expand(len(pixels), -1),
    }


def _verdicts(sets: list[Judged], name: str) -> Figures:
    """On the images of several sets: what counts, and the same for the default's own logit."""
    verdicts = {
        score: faithfulness.judge(
            *faithfulness.together([(values[score], group) for values, group in sets])
        )
        for score in sets[0][0]
    }
    counted = verdicts["joint"]
    figures: Figures = {
        f"wins {name}": counted.wins,
        f"comparisons {name}": counted.comparisons,
        f"n faithfulness {name}": sum(len(group) for _, group in sets),
        f"wins {name}, default's own logit": verdicts["default"].wins,
    }
    for metric in faithfulness.METRICS:
        for method, mean in counted.means[metric].items():
            figures[f"{metric} {name}, {method}"] = mean
        for rival, lead in counted.leads[metric].items():
            figures[f"{metric} {name}, lead over {rival}"] = lead
        for rival, lead in verdicts["default"].leads[metric].items():
            figures[f"{metric} {name}, default's own logit, lead over {rival}"] = lead
    return figures


if __name__ == "__main__":
    run_on_folders(__doc__ or "", measure)
