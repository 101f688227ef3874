"""Weight files: hash, durable write and checked read of named tensors."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from workbench.files import written_durably


def weights_sha256(weights: Mapping[str, Tensor]) -> str:
    """Hash names, types, shapes and bytes, independently of order, device and file format."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        tensor = weights[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def save_weights(weights: Mapping[str, Tensor], path: Path) -> None:
    """Write a safetensors file that is whole at its path or not there."""
    with written_durably(path) as temporary:
        save_file(dict(weights), temporary)


def load_weights(path: Path, *, sha256: str) -> dict[str, Tensor] | None:
    """Load the file's tensors; None where it is missing or does not hold exactly these weights."""
    try:
        weights = load_file(path)
    except (FileNotFoundError, SafetensorError):
        return None
    return weights if weights_sha256(weights) == sha256 else None
