"""The encoder that a model version was trained on."""

from __future__ import annotations

from flask_babel import gettext

from workbench.analysis.encoders.protocol import Encoder
from workbench.config import Settings
from workbench.services.encoding.registry import encoder_of
from workbench.services.errors import UnavailableError
from workbench.store.versions import ModelVersion


def encoder_of_version(version: ModelVersion, settings: Settings) -> Encoder:
    """A version's encoder, the very build. Raises UnavailableError where it cannot be had."""
    encoder = encoder_of(settings, version.encoder)
    if encoder.fingerprint != version.encoder_fingerprint:
        raise UnavailableError(
            gettext(
                "Version %(number)s was created with another build of its encoder. Retrain, "
                "then try again.",
                number=version.number,
            )
        )
    return encoder
