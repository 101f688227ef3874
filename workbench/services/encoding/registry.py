"""The encoder of this installation, loaded once in a process."""

from __future__ import annotations

import threading
from functools import lru_cache
from pathlib import Path

from flask_babel import gettext

from workbench.analysis.encoders.load import load_encoder
from workbench.analysis.encoders.protocol import (
    Embedding,
    Encoder,
    EncoderUnavailableError,
    Precision,
)
from workbench.config import Settings, shown_encoder
from workbench.services.encoding.precision import precision_of
from workbench.services.errors import UnavailableError

_loading = threading.Lock()
"""Who needs an encoder that is being loaded waits for it, instead of loading it a second time."""


def encoder_of(settings: Settings, name: str = "") -> Encoder:
    """The encoder by name (default: the settings'), ready to use, with what the distiller reads.

    Raises UnavailableError, in words for people, where it cannot be had.
    """
    try:
        with _loading:
            return _loaded(
                name or settings.encoder,
                "class_token" if settings.distiller == "paper" else "patches",
                settings.device,
                precision_of(settings),
                settings.image_size,
                settings.cache_dir,
            )
    except EncoderUnavailableError as error:
        raise UnavailableError(
            gettext(
                "The encoder %(encoder)s cannot be loaded. The log says why.",
                encoder=shown_encoder(name or settings.encoder),
            ),
            detail=f"{error}.",
        ) from error


@lru_cache(maxsize=2)
def _loaded(
    name: str,
    embedding: Embedding,
    device: str,
    precision: Precision,
    image_size: int | None,
    cache_dir: Path,
) -> Encoder:
    return load_encoder(
        name,
        embedding=embedding,
        device=device,
        precision=precision,
        image_size=image_size,
        cache_dir=cache_dir,
    )
