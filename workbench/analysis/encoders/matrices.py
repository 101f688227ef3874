"""Copies of a tower with matrices packed or in bfloat16, for encoding."""

from __future__ import annotations

from copy import deepcopy
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor, nn

from workbench.analysis.encoders.blocks import Tower
from workbench.analysis.encoders.protocol import Precision


def for_encoding(tower: Tower, device: torch.device, precision: Precision) -> Tower:
    """Make the fastest equivalent of `tower` for the device and precision; without gradients."""
    if precision == "bfloat16":
        return _in_bfloat16(tower)
    if device.type == "cpu" and can_pack():
        return _packed(tower)
    return tower


@cache
def can_pack() -> bool:
    """Tell whether this build of torch has oneDNN's kernels for packed matrices.

    They are not in its documented interface, so they are tried once before they are used.
    """
    try:
        with torch.no_grad():
            PackedLinear(nn.Linear(8, 8))(torch.zeros(1, 8))
    except (AttributeError, RuntimeError):
        return False
    return True


def _in_bfloat16(tower: Tower) -> Tower:
    """Copy the tower with matrices in bfloat16 and vectors in float32, to be run under autocast."""
    copy = deepcopy(tower)
    for part in copy.modules():
        if isinstance(part, (nn.Linear, nn.Conv2d)):
            part.to(torch.bfloat16)
    return copy


def _packed(tower: Tower) -> Tower:
    """Copy the tower with packed matrices; other weights are shared."""
    shared = {id(each): each for each in (*tower.parameters(), *tower.buffers())}
    copy = deepcopy(tower, shared)
    for parent in list(copy.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.Linear):
                setattr(parent, name, PackedLinear(child))
    return copy


class PackedLinear(nn.Linear):
    """A linear layer with its matrix in oneDNN's blocked format. No gradients.

    torch gives float32 matrices to MKL, which packs them at each call. These kernels, which
    `torch.compile` uses for frozen weights, took 27% off the time of a ViT-B/32 and 12% off that of
    the packaged encoder (ADR 18).
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__(linear.in_features, linear.out_features, device="meta")
        self.weight, self.bias = linear.weight, linear.bias
        pack = torch.ops.mkldnn._reorder_linear_weight  # noqa: SLF001 - see can_pack
        self._packed: Tensor = pack(linear.weight.detach())

    def forward(self, tokens: Float[Tensor, "*batch in"]) -> Float[Tensor, "*batch out"]:
        given = tokens.contiguous()
        if not given.numel():
            return super().forward(given)
        multiply = torch.ops.mkldnn._linear_pointwise  # noqa: SLF001 - see can_pack
        made: Tensor = multiply(given, self._packed, self.bias, "none", [], "")
        return made
