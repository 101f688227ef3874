"""The layouts of a version by name: how much content and evidence each is made of.

Apart from what computes them: pages need the names, and not the libraries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Mixture:
    """Weights of content and evidence; their ratio is that of their standard deviations."""

    content: float
    evidence: float


BY_CONTENT = "content"
LAYOUTS: Mapping[str, Mixture] = MappingProxyType(
    {
        BY_CONTENT: Mixture(1.0, 0.0),
        "balanced": Mixture(1.0, 0.5),
        "evidence": Mixture(0.0, 1.0),
    }
)
"""The layouts of a version, by name. With half the weight of evidence, like images still lie
together, and within them the model's scores are in order (ADR 39)."""
DEFAULT_LAYOUT = "balanced"
FORMER_LAYOUT = "activations"
"""The only layout of versions from before there were several: UMAP of the dimensions."""
