"""What may stand in a path: anything else is a page that does not exist, never a database error."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import BaseConverter, IntegerConverter, Map

from workbench.services.collections import NAME
from workbench.store.database import LARGEST_ID


class RecordConverter(IntegerConverter):
    """The id of a record."""

    def __init__(self, map: Map) -> None:  # noqa: A002 - werkzeug's name
        super().__init__(map, max=LARGEST_ID)


class NameConverter(BaseConverter):
    """A collection's name, as the import takes it."""

    regex = NAME


class PictureSizeConverter(IntegerConverter):
    """Side of a small picture in pixels: one of those that are kept on disk."""

    regex = "48|96|192"


def register(app: Flask) -> None:
    """Make the converters known as `record`, `collection` and `picture_size`."""
    app.url_map.converters.update(
        record=RecordConverter, collection=NameConverter, picture_size=PictureSizeConverter
    )
