"""Checkpoint files that people bring: read as weights only, and fitted to a model."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import torch
from timm.models import load_state_dict
from torch import Tensor, nn

from workbench.analysis.encoders.protocol import EncoderUnavailableError

_NAMED = 3
"""Most names of parameters in a message."""


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Read the state dict in a .safetensors, .pt or .pth file; nothing in it is ever run.

    What wraps it is taken off: an averaged copy (`state_dict_ema`) before `state_dict` or `model`,
    and the prefixes of parallel training. Raises EncoderUnavailableError.
    """
    check_there(path)
    try:
        weights = load_state_dict(str(path), weights_only=True)
    # Two formats, each with its own ways to be damaged.
    except Exception as error:
        reason = pickled_code(path, error) or f"{path} could not be read: {error}"
        raise EncoderUnavailableError(reason) from error
    if not weights or not all(isinstance(each, Tensor) for each in weights.values()):
        raise EncoderUnavailableError(
            f"{path} holds more than weights by name; save its state dict alone"
        )
    return weights


def check_there(path: Path) -> None:
    """Raise EncoderUnavailableError where there is no such file."""
    if not path.is_file():
        raise EncoderUnavailableError(f"there is no checkpoint {path}")


def pickled_code(path: Path, error: Exception) -> str | None:
    """Say of a file that failed to load that it holds code; None where something else is wrong."""
    said = f"{error} {error.__cause__}"
    code = "TorchScript" in said or "Unsupported global" in said
    # Of an older format, or what is no checkpoint at all, it says nothing.
    with suppress(Exception):
        code = code or bool(torch.serialization.get_unsafe_globals_in_checkpoint(path))
    if not code:
        return None
    return f"{path} holds pickled code, which is never run; save its state dict"


def fitted(model: nn.Module, weights: Mapping[str, Tensor], path: Path, name: str) -> nn.Module:
    """Give a model its weights; refuse missing, unexpected and misshapen ones by name."""
    own = model.state_dict()
    wrong = {
        "lacks": sorted(own.keys() - weights.keys()),
        "has, which the model has not,": sorted(weights.keys() - own.keys()),
        "has in another shape": sorted(
            key for key in own.keys() & weights.keys() if own[key].shape != weights[key].shape
        ),
    }
    for what, keys in wrong.items():
        if keys:
            more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
            raise EncoderUnavailableError(
                f"{path} does not fit {name}: it {what} {', '.join(keys[:_NAMED])}{more}"
            )
    model.load_state_dict(weights, strict=True, assign=True)
    return model
