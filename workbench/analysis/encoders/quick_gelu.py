"""Whether a checkpoint of open_clip was trained with QuickGELU, as far as that can be known.

Weights do not say it: QuickGELU has no parameters, and differs from GELU by 0.02 at most, so that
the wrong one costs accuracy and raises no error.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from functools import cache
from pathlib import Path
from typing import NamedTuple

import open_clip

_HASH = re.compile(r"(?:/|-)([0-9a-f]{64}|[0-9a-f]{8})(?:/|\.)")
"""The SHA-256 of a file, or its beginning, in the address that open_clip fetches it from."""


class ActivationWarning(UserWarning):
    """A checkpoint was probably trained with another activation than its model has."""


class _Known(NamedTuple):
    """A checkpoint that open_clip knows."""

    file: str
    sha256: str
    quick_gelu: bool


def warn_of_other_activation(model: str, checkpoint: Path) -> None:
    """Warn where a file is known, or named like one, that needs the other activation.

    ActivationWarning names the model to say instead.
    """
    has = bool(open_clip.get_model_config(model).get("quick_gelu", False))
    needs, reason = _needs_quick_gelu(checkpoint)
    if needs is None or needs == has:
        return
    plain = model.removesuffix("-quickgelu")
    other = f"{plain}-quickgelu" if needs else plain
    with_without = "with" if needs else "without"
    remedy = (
        f"say open_clip:{other}@{checkpoint}"
        if other in open_clip.list_models()
        else f"open_clip has no model {other}"
    )
    warnings.warn(
        f"{checkpoint.name} was trained {with_without} QuickGELU, by {reason}, and {model} "
        f"computes {'without' if needs else 'with'} it, so embeddings are worse; {remedy}.",
        ActivationWarning,
        stacklevel=2,
    )


def _needs_quick_gelu(checkpoint: Path) -> tuple[bool | None, str]:
    """Tell by a file's content, else by its name; None where neither says anything."""
    with checkpoint.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    for known in _known():
        if known.sha256 and sha256.startswith(known.sha256):
            return known.quick_gelu, f"its SHA-256, that of {known.file}"
    named = {known.quick_gelu for known in _known() if known.file == checkpoint.name}
    if len(named) == 1:
        return named.pop(), "its name, which open_clip knows"
    if "quickgelu" in re.sub(r"[-_]", "", checkpoint.name.lower()):
        return True, "its name"
    return None, ""


@cache
def _known() -> tuple[_Known, ...]:
    """List the checkpoints with an address of their own, each once."""
    found = set()
    for model, tag in open_clip.list_pretrained():
        address = open_clip.get_pretrained_cfg(model, tag).get("url", "")
        if address:
            hashes = _HASH.findall(address)
            quick_gelu = bool(open_clip.get_pretrained_cfg(model, tag).get("quick_gelu", False))
            found.add(_Known(Path(address).name, hashes[-1] if hashes else "", quick_gelu))
    return tuple(sorted(found))
