"""A distiller's weights as an artifact, and back."""

from __future__ import annotations

import torch

from workbench.analysis.distilled_head import DistilledHead
from workbench.config import Settings
from workbench.services.errors import UnavailableError
from workbench.store.artifacts import (
    Artifact,
    ArtifactDamagedError,
    load_arrays,
    store_arrays,
)
from workbench.store.versions import ModelVersion

_TENSORS = ("mean", "scale", "weight", "bias", "logit_weight")


def store_head(head: DistilledHead, settings: Settings) -> Artifact:
    """Write the weights as safetensors; the row is returned, not yet in a session."""
    arrays = {name: getattr(head, name).numpy() for name in _TENSORS}
    arrays["logit_bias"] = torch.tensor([head.logit_bias], dtype=torch.float64).numpy()
    return store_arrays(settings.artifact_dir, "weights", arrays)


def load_head(version: ModelVersion, settings: Settings) -> DistilledHead:
    """A version's distiller. Raises UnavailableError where its file is lost or damaged."""
    try:
        arrays = load_arrays(settings.artifact_dir, version.weights)
    except ArtifactDamagedError as error:
        raise UnavailableError(f"The weights of version {version.number}: {error}.") from error
    tensors = {name: torch.from_numpy(arrays[name]) for name in _TENSORS}
    return DistilledHead(**tensors, logit_bias=float(arrays["logit_bias"][0]))
