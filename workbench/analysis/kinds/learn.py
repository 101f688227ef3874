"""Learn the space of kinds from contrasts of regions of training images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray
from torch import Tensor

from workbench.analysis.kinds.sample import Sample
from workbench.analysis.kinds.space import COMPONENTS, Kinds, Side

RIDGE = 3.0
"""Added to the variances of natural regions, over their median."""
STANDS_OUT = 1.5
"""Least ratio of mean squares, regions toward a label to the other label's, on images that the
component was not learned from."""
FEWEST = 24
"""Fewest images of each label: of fewer, what stands out cannot be told from chance."""


def learn_kinds(sample: Sample, fake: Bool[ndarray, " image"], blocks: tuple[int, ...]) -> Kinds:
    """Learn in which components regions of fake images stand out from those of real ones.

    Contrasts are whitened by those of random regions of real images, so that what varies naturally
    counts little (ridge: `RIDGE` medians). Of each side, regions of most evidence toward its label
    are compared, images of that label with those of the other: components are the leading
    eigenvectors of the difference of their second moments about the others' mean (contrastive
    principal components, Abid et al. 2018, Nature Communications 9, with a weight of 1). Rows count
    by the square root of their norm, so that few far ones do not decide alone. As many components
    are kept as stand out on images that they were not learned from, in two halves; both sides have
    none where a label has fewer than `FEWEST` images.
    """
    features = sample.drawn.shape[2]
    counts = (int(fake.sum()), int((~fake).sum()))
    if min(counts) < FEWEST:
        return Kinds(blocks, _nothing(features), _nothing(features))
    is_fake = torch.from_numpy(fake)
    mean, whitening = _whitening(sample.drawn[~is_fake].flatten(0, 1).float())
    toward_fake, toward_real = (
        (each.float() - mean) @ whitening for each in (sample.toward_fake, sample.toward_real)
    )
    sides = (
        _side(toward_fake[is_fake], toward_fake[~is_fake], mean, whitening),
        _side(toward_real[~is_fake], toward_real[is_fake], mean, whitening),
    )
    return Kinds(blocks, *sides)


def _nothing(features: int) -> Side:
    return Side(torch.zeros(features, 0), torch.zeros(0), 0.0)


def _whitening(
    natural: Float[Tensor, "region feature"],
) -> tuple[Float[Tensor, " feature"], Float[Tensor, "feature feature"]]:
    """Compute the mean of natural regions, and what makes their variances alike."""
    mean = natural.mean(dim=0)
    above = natural - mean
    variances, axes = torch.linalg.eigh(above.T @ above / len(above))
    variances = variances.clamp_min(0)
    # Of fewer regions than features, half of the variances may be nothing.
    some = variances[variances > 1e-6 * variances.max()]
    ridge = RIDGE * float(some.median()) if len(some) else 1.0
    return mean, axes * (variances + ridge).rsqrt() @ axes.T


@dataclass(frozen=True)
class _Components:
    origin: Float[Tensor, " feature"]
    axes: Float[Tensor, "feature component"]

    def squares(self, regions: Float[Tensor, "region feature"]) -> Float[Tensor, " component"]:
        return ((regions - self.origin) @ self.axes).square().mean(dim=0)


def _side(
    own: Float[Tensor, "region feature"],
    others: Float[Tensor, "region feature"],
    mean: Float[Tensor, " feature"],
    whitening: Float[Tensor, "feature feature"],
) -> Side:
    """Learn one side's components from whitened regions of its label, and of the other."""
    log_ratio, natural = torch.zeros(()), torch.zeros(())
    halves = [torch.from_numpy(np.random.default_rng(0).permutation(len(own)))]
    halves.append(torch.from_numpy(np.random.default_rng(1).permutation(len(others))))
    for first in (0, 1):
        learned, unseen = ([order[at::2] for order in halves] for at in (first, 1 - first))
        found = _contrastive(own[learned[0]], others[learned[1]])
        beyond = found.squares(others[unseen[1]]).clamp_min(1e-12)
        log_ratio = log_ratio + (found.squares(own[unseen[0]]) / beyond).log() / 2
        natural = natural + beyond / 2
    stands_out = (log_ratio.exp() >= STANDS_OUT).numpy()
    kept = len(stands_out) if stands_out.all() else int(np.argmin(stands_out))
    final = _contrastive(own, others)
    axes = final.axes[:, :kept]
    components = whitening @ axes
    return Side(components, mean @ components + final.origin @ axes, float(natural[:kept].sum()))


def _contrastive(
    own: Float[Tensor, "region feature"], others: Float[Tensor, "region feature"]
) -> _Components:
    origin = others.mean(dim=0)
    a, b = _evened(own - origin), _evened(others - origin)
    # All that differs lies in the span of the regions, far fewer than features.
    basis = torch.linalg.qr(torch.cat([a, b]).T).Q
    a, b = a @ basis, b @ basis
    _, axes = torch.linalg.eigh(a.T @ a - b.T @ b)
    return _Components(origin, basis @ axes.flip(1)[:, :COMPONENTS])


def _evened(regions: Float[Tensor, "region feature"]) -> Float[Tensor, "region feature"]:
    """Shorten each row to the square root of its norm, the sum of squares to that of a mean."""
    norm = regions.norm(dim=1, keepdim=True).clamp_min(1e-12)
    evened: Tensor = regions / norm.sqrt() / float(len(regions)) ** 0.5
    return evened
