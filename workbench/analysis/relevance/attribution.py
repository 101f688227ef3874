"""The result of an attribution method."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Attribution:
    """Contributions of the patches to the distilled dimensions z_k.

    maps: in units of z_k; over the patches they sum to z_k - baseline_k. Patches go row by row
        over the encoder's grid. Times w_k they are in logits, positive toward fake, and sum to the
        logit less the baseline's logit.
    baseline: z_k of the method's reference.
    """

    maps: Float[Tensor, "image dimension patch"]
    baseline: Float[Tensor, " dimension"]
