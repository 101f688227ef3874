"""The encoder that a model version was trained on."""

from __future__ import annotations

from flask_babel import gettext

from workbench.analysis.distiller.paper_training import KIND as PAPERS
from workbench.analysis.encoders.protocol import Encoder
from workbench.config import Settings
from workbench.services.encoding.precision import PRECISIONS, precision_of
from workbench.services.encoding.registry import encoder_of
from workbench.services.errors import UnavailableError
from workbench.services.models.versions import DISTILLER, IMAGE_SIZE
from workbench.store.versions import ModelVersion


def encoder_of_version(version: ModelVersion, settings: Settings) -> Encoder:
    """A version's encoder, the very build, in the precision that the version was created in.

    A processor without bfloat16 computes it in software, slowly, so that a version from another
    machine can be asked all the same. Raises UnavailableError where the build cannot be had.
    """
    distiller = "paper" if version.metrics.get(DISTILLER) == PAPERS else "concepts"
    built = {"distiller": distiller, "image_size": version.metrics.get(IMAGE_SIZE)}
    preferred = precision_of(settings)
    for precision in (preferred, *(each for each in PRECISIONS if each != preferred)):
        as_then = settings.model_copy(update=built | {"precision": precision})
        encoder = encoder_of(as_then, version.encoder)
        if encoder.fingerprint == version.encoder_fingerprint:
            return encoder
    raise UnavailableError(
        gettext(
            "Version %(number)s was created with another build of its encoder. Retrain, "
            "then try again.",
            number=version.number,
        )
    )
