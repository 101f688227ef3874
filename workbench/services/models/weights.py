"""A distiller's weights, and the projection before it, as artifacts, and back."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

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
_BLOCK = "weight_"
_PREFIX = "projection_"


def store_head(head: DistilledHead, settings: Settings) -> Artifact:
    """Write the weights as safetensors; the row is returned, not yet in a session.

    A version keeps its own copy of its projection: it says the same for ever, whatever becomes of
    the collection's.
    """
    arrays: Arrays = {name: getattr(head, name).numpy() for name in _TENSORS}
    arrays["logit_bias"] = torch.tensor([head.logit_bias], dtype=torch.float64).numpy()
    if head.projection is not None:
        arrays |= {
            f"{_PREFIX}{name}": array for name, array in projection_arrays(head.projection).items()
        }
    return store_arrays(settings.artifact_dir, "weights", arrays)


def load_head(version: ModelVersion, settings: Settings) -> DistilledHead:
    """A version's distiller. Raises UnavailableError where its file is lost or damaged."""
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
    return DistilledHead(
        mean,
        scale,
        weight,
        bias,
        logit_weight,
        logit_bias=float(arrays["logit_bias"][0]),
        projection=projection_of(own) if own else None,
    )


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
