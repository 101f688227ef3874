"""The encoders, by name."""

from workbench.analysis.encoders.load import load_encoder

__all__ = ["load_encoder"]
