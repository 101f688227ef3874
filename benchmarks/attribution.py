"""Do the maps point at what was planted, say what the score hangs on, and change with the model?

Localisation, on rightly detected fakes of held-out photographs. Pointing game: share of images
whose strongest patch lies on the mask. Average precision: the patches' contributions as a score for
lying on the mask. Random: the same of shuffled patches. Each method is judged on the fakes that its
own distiller detects: the default method on the default features, the paper's `last_block` on the
paper's embedding, the last block's class token alone; `joint` are both on a distiller that has the
default features and that class token beside them.

Faithfulness: deletion, insertion and MuFidelity of that joint distiller's logit (`benchmarks.
faithfulness`), the default method against `last_block`, the class token's attention in the last
block, random maps and a centre prior. On planted fakes, and on rightly called images, real and
fake, of ordinary sets: the demo set's faces and scenes, or those of `--data DIR` (again and again).
A comparison is won where the whole 95 % interval of the paired difference is in the default's
favour. The same maps are held to the default distiller's logit beside it.

Sanity: what is left of the default's maps of a randomised model (`benchmarks.sanity`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedGroupKFold
from torch import Tensor

from benchmarks import faithfulness, sanity
from benchmarks.command import Figures, parser, show
from benchmarks.explained import Explained, Models, train_models
from benchmarks.ordinary import demo_folders, pictures
from benchmarks.planted import Planted, planted
from workbench.analysis.faithfulness import centre_prior
from workbench.analysis.metrics import auc, mean_with_interval
from workbench.analysis.relevance import default_method

FOLDS = 5
AT_ONCE = 64
"""Images whose tokens are held at a time."""


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
    planted=60,
    ordinary=20,
    curves=faithfulness.Effort(steps=8, subsets=24),
    sanity_images=32,
    sanity=sanity.Effort(distillers=50, encoders=3),
)
QUICK = Effort(
    planted=8,
    ordinary=4,
    curves=faithfulness.Effort(steps=4, subsets=12),
    sanity_images=8,
    sanity=sanity.Effort(distillers=10, encoders=1),
)


def measure(folders: list[Path], *, quick: bool) -> Figures:
    """Train on the photographs that are not held out, explain the others."""
    effort = QUICK if quick else FULL
    truth = planted(quick=quick)
    models = train_models(truth.pictures, ~truth.held_out)
    figures = _localisation(models, truth)
    fakes = np.flatnonzero(models.encoded.fake & truth.held_out & models.called_right(models.joint))
    chosen = _some(fakes, effort.planted)
    figures |= _verdicts([_faithfulness(models, chosen, effort.curves)], "planted")
    sets = [_of_ordinary(folder, effort, quick=quick) for folder in folders or demo_folders()]
    figures |= _verdicts(sets, "ordinary")
    for key in ("wins", "comparisons"):
        figures[f"faithfulness_{key}"] = figures[f"{key} planted"] + figures[f"{key} ordinary"]
    method = default_method(models.default.encoder)
    pixels = models.pixels(_some(fakes, effort.sanity_images))
    return figures | sanity.measure(models.default, method, pixels, effort.sanity)


def _some(places: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """So many of them, drawn at random, in their order."""
    return np.sort(np.random.default_rng(0).permutation(places)[:count])


def _localisation(models: Models, truth: Planted) -> Figures:
    """Pointing game and average precision, by method."""
    default = default_method(models.default.encoder)
    judged = {
        "default": _point(models, models.default, truth, default),
        "last_block": _point(models, models.paper, truth, "last_block"),
        "default_joint": _point(models, models.joint, truth, default),
        "last_block_joint": _point(models, models.joint, truth, "last_block"),
        "random": _point(models, models.default, truth, None),
    }
    figures: Figures = {"method": default, "chance": judged["default"].chance}
    for name, each in judged.items():
        figures |= {
            f"pointing_{name}": float(each.hit.mean()),
            f"average_precision_{name}": float(each.precision.mean()),
        }
    for name, each in judged.items():
        group = np.array([truth.pictures[place].group for place in each.places])
        figures |= {
            f"n {name}": len(each.places),
            f"pointing interval {name}": _interval(each.hit, group),
            f"average precision interval {name}": _interval(each.precision, group),
        }
    held_out = models.encoded.subset(np.flatnonzero(truth.held_out))
    for name, model in models.by_name.items():
        logit = model.logit(held_out.state.embedding).numpy()
        figures[f"auc {name}"] = auc(held_out.fake, logit)
    return figures


@dataclass(frozen=True)
class Pointed:
    """How well maps lie on masks, image by image."""

    places: NDArray[np.int64]
    hit: NDArray[np.float64]
    precision: NDArray[np.float64]
    chance: float
    """Mean share of patches on the mask."""


def _point(models: Models, model: Explained, truth: Planted, method: str | None) -> Pointed:
    """Of the held-out fakes that the model detects; without a method, of random maps."""
    right = models.called_right(model) & models.encoded.fake & truth.held_out
    masks = {
        place: truth.mask(place, *model.encoder.grid).ravel()
        for place in np.flatnonzero(right).tolist()
    }
    places = np.array([place for place, mask in masks.items() if mask.any()])
    if method is None:
        patches = np.prod(model.encoder.grid)
        maps = np.random.default_rng(0).normal(size=(len(places), patches))
    else:
        maps = np.concatenate(
            [
                model.contributions(method, model.states(models.pixels(part), method)).numpy()
                for part in np.array_split(places, -(-len(places) // AT_ONCE))
            ]
        )
    on_mask = [masks[place] for place in places]
    return Pointed(
        places=places,
        hit=np.array(
            [float(mask[each.argmax()]) for each, mask in zip(maps, on_mask, strict=True)]
        ),
        precision=np.array(
            [average_precision_score(mask, each) for each, mask in zip(maps, on_mask, strict=True)]
        ),
        chance=float(np.mean(on_mask)),
    )


Judged = tuple[dict[str, faithfulness.Values], NDArray[np.str_]]


def _of_ordinary(folder: Path, effort: Effort, *, quick: bool) -> Judged:
    """A fifth of a set's sources held out, and some of their rightly called images explained."""
    found = pictures(folder, quick=quick)
    fake = np.array([each.fake for each in found])
    group = np.array([each.group for each in found])
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    training, test = next(splitter.split(fake, fake, group))
    models = train_models(found, np.isin(np.arange(len(found)), training))
    right = test[models.called_right(models.joint)[test]]
    return _faithfulness(models, _some(right, effort.ordinary), effort.curves)


def _faithfulness(models: Models, places: NDArray[np.int64], effort: faithfulness.Effort) -> Judged:
    """Every metric of every method, for the joint logit and for the default's."""
    pixels = models.pixels(places)
    side = torch.from_numpy(np.where(models.encoded.fake[places], 1.0, -1.0)).float()
    subject = faithfulness.Subject(pixels, side, _maps(models, pixels, side))
    logits = {"joint": models.joint.logit, "default": models.default.logit}
    values = faithfulness.measure(models.joint.encoder, logits, subject, effort)
    return values, np.array([models.encoded.pictures[place].group for place in places])


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
        figures[f"{metric} {name}"] = counted.means[metric]
        for rival, lead in counted.leads[metric].items():
            figures[f"{metric} {name}, lead over {rival}"] = lead
        for rival, lead in verdicts["default"].leads[metric].items():
            figures[f"{metric} {name}, default's own logit, lead over {rival}"] = lead
    return figures


def _interval(values: NDArray[np.float64], group: NDArray[np.str_]) -> list[float]:
    found = mean_with_interval(values, group, seed=0)
    return [found.low, found.high]


def main() -> None:
    """Parse, measure, print."""
    options = parser(__doc__ or "")
    options.add_argument("--data", type=Path, action="append", default=[], metavar="DIR")
    chosen = options.parse_args()
    show(measure(chosen.data, quick=chosen.quick), as_json=chosen.json)


if __name__ == "__main__":
    main()
