"""The weights of a version's heads, and the projection before them, as artifacts, and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.analysis.distiller.cross_fitted import CrossFittedHeads
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.spelling.projection import Projection
from workbench.config import Settings
from workbench.services.errors import UnavailableError
from workbench.store.artifacts import (
    Artifact,
    ArtifactDamagedError,
    load_arrays,
    store_arrays,
)
from workbench.store.versions import ModelVersion

Arrays = dict[str, NDArray[np.generic]]

_TENSORS = ("mean", "scale", "weight", "bias", "logit_weight")
_OF_FOLD = ("weight", "bias")
"""What the head of a fold has of its own, beside `_BIAS`."""
_BIAS = "logit_bias"
_FOLD = "fold_"
_BLOCK = "weight_"
_PREFIX = "projection_"


def store_heads(heads: CrossFittedHeads, settings: Settings) -> Artifact:
    """Write the weights as safetensors; the row is returned, not yet in a session.

    A version keeps its own copy of its projection: it says the same for ever, whatever becomes of
    the collection's.
    """
    final = heads.final
    arrays: Arrays = {name: getattr(final, name).numpy() for name in _TENSORS}
    arrays[_BIAS] = _number(final.logit_bias)
    for fold, head in heads.folds.items():
        arrays |= {f"{_FOLD}{fold}_{name}": getattr(head, name).numpy() for name in _OF_FOLD}
        arrays[f"{_FOLD}{fold}_{_BIAS}"] = _number(head.logit_bias)
    if final.projection is not None:
        arrays |= {
            f"{_PREFIX}{name}": array for name, array in projection_arrays(final.projection).items()
        }
    return store_arrays(settings.artifact_dir, "weights", arrays)


def _number(value: float) -> NDArray[np.generic]:
    return np.array([value], dtype=np.float64)


def load_heads(version: ModelVersion, settings: Settings) -> CrossFittedHeads:
    """A version's heads; without any of folds for a version from before cross-fitting.

    Raises UnavailableError where their file is lost or damaged.
    """
    try:
        arrays = load_arrays(settings.artifact_dir, version.weights)
    except ArtifactDamagedError as error:
        raise UnavailableError(
            f"The weights of version {version.number} cannot be read. The log names the file.",
            detail=f"{error}.",
        ) from error
    mean, scale, weight, bias, logit_weight = (torch.from_numpy(arrays[name]) for name in _TENSORS)
    own = {
        name.removeprefix(_PREFIX): array
        for name, array in arrays.items()
        if name.startswith(_PREFIX)
    }
    final = DistilledHead(
        mean,
        scale,
        weight,
        bias,
        logit_weight,
        logit_bias=float(arrays[_BIAS][0]),
        projection=projection_of(own) if own else None,
    )
    of_folds = sorted(
        int(name.removeprefix(_FOLD).removesuffix(f"_{_BIAS}"))
        for name in arrays
        if name.startswith(_FOLD) and name.endswith(f"_{_BIAS}")
    )
    return CrossFittedHeads(final, {fold: _of_fold(final, fold, arrays) for fold in of_folds})


def _of_fold(final: DistilledHead, fold: int, arrays: Arrays) -> DistilledHead:
    weight, bias = (torch.from_numpy(arrays[f"{_FOLD}{fold}_{name}"]) for name in _OF_FOLD)
    logit_bias = float(arrays[f"{_FOLD}{fold}_{_BIAS}"][0])
    return replace(final, weight=weight, bias=bias, logit_bias=logit_bias)


def load_head(version: ModelVersion, settings: Settings) -> DistilledHead:
    """A version's final head, the one for new images. Raises UnavailableError like the above."""
    return load_heads(version, settings).final


def projection_arrays(projection: Projection) -> Arrays:
    """A projection as the arrays of an artifact."""
    arrays: Arrays = {"mean": projection.mean.numpy(), "scale": projection.scale.numpy()}
    return arrays | {
        f"{_BLOCK}{index:03}": block.numpy() for index, block in enumerate(projection.weights)
    }


def projection_of(arrays: Arrays) -> Projection:
    """The projection that these arrays were made of."""
    blocks = sorted(name for name in arrays if name.startswith(_BLOCK))
    mean, scale, *weights = (torch.from_numpy(arrays[name]) for name in ("mean", "scale", *blocks))
    return Projection(mean, scale, tuple(weights))
