"""Documents that leave the site: rendered like pages, with their pictures and style inside."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable

from flask import current_app, g
from flask_babel import gettext
from jinja2 import Environment

from workbench.services.errors import InvalidError, ServiceError
from workbench.services.image import batch
from workbench.services.image.batch import Picture
from workbench.web.site.picture_types import HEAD, sniffed

MOST_PICTURES = 600
"""Of a document: as many as an overview has cells at most."""

NO_PICTURE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChw"
    "GA60e6kgAAAABJRU5ErkJggg=="
)
"""Stands for a picture whose file is gone: the rest of the document is still worth having."""

KINDS: dict[str, Callable[..., Picture]] = {
    "image": batch.WholeImage,
    "thumbnail": batch.Thumbnail,
    "crop": batch.Crop,
    "heatmap": batch.Heatmap,
}
"""By the media page's name for it; their fields are the parts of its address."""

_NOT_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


class _Embedding:
    """The pictures that a document asks for while it is rendered, and what stands for them."""

    def __init__(self) -> None:
        self._wanted: list[Picture] = []
        # No text of the document can guess it.
        self._mark = secrets.token_hex(8)

    def stand_in(self, wanted: Picture) -> str:
        """What stands where a picture's content goes. Raises InvalidError beyond the bound."""
        if len(self._wanted) == MOST_PICTURES:
            raise InvalidError(
                gettext(
                    "An export holds at most %(most)s images. Narrow the selection and try again.",
                    most=MOST_PICTURES,
                )
            )
        self._wanted.append(wanted)
        return f"{self._mark}-{len(self._wanted) - 1};"

    def filled(self, text: str) -> str:
        """The text with all pictures in it, which are read together."""
        found = {
            picture: _data(content) for picture, content in batch.pictures(self._wanted).items()
        }
        return re.sub(
            rf"{self._mark}-(\d+);",
            lambda match: found.get(self._wanted[int(match[1])], NO_PICTURE),
            text,
        )


def document(template: str, **context: object) -> str:
    """A template rendered with every picture embedded. Raises InvalidError beyond the bound."""
    embedding = g.embedding = _Embedding()
    text = _environment().get_template(template).render(**context)
    # Names of files may hold what no XML may hold, escaped or not.
    return embedding.filled(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text))


def _environment() -> Environment:
    """The pages' environment, where `picture_url` stands for the picture and not its address."""
    found: Environment | None = current_app.extensions.get("workbench.documents")
    if found is None:
        found = current_app.jinja_env.overlay()
        found.globals = {**current_app.jinja_env.globals, "picture_url": _embedded}
        current_app.extensions["workbench.documents"] = found
    return found


def _embedded(endpoint: str, **values: int | None) -> str:
    embedding: _Embedding = g.embedding
    return embedding.stand_in(KINDS[endpoint](**values))


def _data(content: bytes) -> str:
    try:
        kind = sniffed(content[:HEAD])
    except ServiceError:
        return NO_PICTURE
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
