"""Documents that leave the site: rendered like pages, with their pictures and style inside."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

from flask import current_app, g
from flask_babel import gettext
from jinja2 import Environment

from workbench.services.errors import InvalidError, ServiceError
from workbench.services.image import media
from workbench.web.site.picture_types import HEAD, sniffed

MOST_PICTURES = 600
"""Of a document: as many as an overview has cells at most."""

NO_PICTURE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChw"
    "GA60e6kgAAAABJRU5ErkJggg=="
)
"""Stands for a picture whose file is gone: the rest of the document is still worth having."""

_NOT_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def document(template: str, **context: Any) -> str:
    """A template rendered with every picture embedded. Raises InvalidError beyond the bound."""
    g.pictures_embedded = 0
    text = _environment().get_template(template).render(**context)
    # Names of files may hold what no XML may hold, escaped or not.
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _environment() -> Environment:
    """The pages' environment, where `picture_url` gives the picture and not its address."""
    found: Environment | None = current_app.extensions.get("workbench.documents")
    if found is None:
        found = current_app.jinja_env.overlay()
        found.globals = {**current_app.jinja_env.globals, "picture_url": _embedded}
        current_app.extensions["workbench.documents"] = found
    return found


def _embedded(endpoint: str, **values: Any) -> str:
    g.pictures_embedded += 1
    if g.pictures_embedded > MOST_PICTURES:
        raise InvalidError(
            gettext(
                "An export holds at most %(most)s images. Narrow the selection and try again.",
                most=MOST_PICTURES,
            )
        )
    try:
        content = _content(endpoint, values)
        kind = sniffed(content[:HEAD])
    except (ServiceError, OSError):
        return NO_PICTURE
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _content(endpoint: str, values: dict[str, Any]) -> bytes:
    if endpoint == "heatmap":
        content: bytes = media.heatmap(
            values["version_id"], values["image_id"], values.get("dimension")
        )
        return content
    path: Path
    if endpoint == "crop":
        path = media.group_crop(values["group_id"], values["size"])
    elif endpoint == "thumbnail":
        path = media.thumbnail(values["image_id"], values["size"])
    else:
        path = media.normalised(values["image_id"])
    return path.read_bytes()
