"""Selections as tables, for notebooks."""

from __future__ import annotations

import tempfile

from flask import Blueprint, Response, send_file

from workbench.services.explore import filters, frame
from workbench.web.api.operations import operation
from workbench.web.api.viewing import FilterQuery, view_of
from workbench.web.site import slots

blueprint = Blueprint("frames", __name__)
PARQUET = "application/vnd.apache.parquet"
IN_MEMORY = 8 * 1024 * 1024
"""Bytes of a table; a larger one waits on the disk."""


@blueprint.get("/collections/<collection:name>/frame")
@operation("Images", media=PARQUET)
@slots.costly()
def get_frame(name: str, query: FilterQuery) -> Response:
    """Get all images of a selection as one Parquet file: scores, activations and decisions.

    `label` is the one that the version knew, `decision` what people decided; `z0`, `z1`, … are the
    activations of the dimensions.
    """
    view, version = view_of(name, query)
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - sent, then closed
    frame.write_frame(filters.choose(version.id, view.selection), file)
    file.seek(0)
    return send_file(file, mimetype=PARQUET, download_name=f"{name}.parquet")
