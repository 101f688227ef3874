"""Token maps, what every relevance method gives."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class TokenMaps:
    """How z_k, the distilled dimensions, spread over the patches.

    maps: in units of z_k; over the patches they sum to z_k - baseline_k. Patches go row by row
        over the encoder's grid. Times w_k they are contributions in logits, positive toward fake,
        and sum to the logit minus the baseline's logit.
    baseline: z_k of what the maps are measured from; each method says what that is.
    """

    maps: Float[Tensor, "image dimension patch"]
    baseline: Float[Tensor, " dimension"]
