"""Pictures to take away: any view as SVG, and as a PNG of that very SVG."""

from __future__ import annotations

from flask import Blueprint, Response
from flask_babel import gettext

from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.export import png
from workbench.services.models.outside import lacking_words
from workbench.web.exports.attachments import attached, file_name
from workbench.web.exports.documents import document
from workbench.web.exports.drawings import DRAWINGS, OF_MAPS
from workbench.web.exports.plain_styles import plain_style
from workbench.web.presenters import sheets
from workbench.web.request.entering import enter, version_of
from workbench.web.site import limits, slots

blueprint = Blueprint("exports", __name__)

KINDS = {"svg": "image/svg+xml", "png": "image/png"}


@blueprint.get("/c/<collection:name>/export/<picture>.<kind>")
@limits.limiter.limit(limits.tries_allowed, deduct_when=limits.was_computed)
@slots.costly()
def picture(name: str, picture: str, kind: str) -> Response:
    """A view as a picture, set up by the same query parameters as its page."""
    if picture not in DRAWINGS or kind not in KINDS:
        raise NotFoundError(
            gettext(
                "Unknown export. Available: %(pictures)s, each as svg or png.",
                pictures=", ".join(DRAWINGS),
            )
        )
    view, workspace = enter(name)
    summary = version_of(workspace)
    if summary.outside and picture in OF_MAPS:
        raise InvalidError(lacking_words(summary.number, summary.outside))
    drawing = DRAWINGS[picture](view, workspace)
    style = plain_style("picture")
    svg = document(
        f"exports/{picture}.svg",
        sheet=drawing.sheet,
        sheets=sheets,
        style=style.text,
        view=view,
        workspace=workspace,
        page=drawing.panel,
    )
    saved_as = file_name(workspace, drawing.subject, kind)
    if kind == "svg":
        return attached(svg, KINDS[kind], saved_as, style)
    content = png.png_of(svg, drawing.sheet.width, drawing.sheet.height)
    return attached(content, KINDS[kind], saved_as)
