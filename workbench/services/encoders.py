"""The encoder of this installation, loaded once in a process."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from workbench.analysis.encoder import Encoder
from workbench.analysis.encoders import load_encoder
from workbench.config import Settings


def encoder_of(settings: Settings, name: str = "") -> Encoder:
    """The encoder by name (default: the settings'), ready to use."""
    return _loaded(name or settings.encoder, settings.device, settings.cache_dir)


@lru_cache(maxsize=2)
def _loaded(name: str, device: str, cache_dir: Path) -> Encoder:
    return load_encoder(name, device=device, cache_dir=cache_dir)
