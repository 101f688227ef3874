"""Files that are one JSON document: read as a whole, and so bounded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flask_babel import gettext

from workbench.services.errors import InvalidError
from workbench.services.interchange.incoming import LARGEST_DOCUMENT
from workbench.services.sources.tables import open_text


def document(path: Path) -> Any:
    """The document. Raises InvalidError for what is none, for half of one, and for too much."""
    if path.stat().st_size > LARGEST_DOCUMENT:
        raise InvalidError(
            gettext(
                "A JSON document has at most %(most)s MB. Split it, or import JSON lines.",
                most=LARGEST_DOCUMENT // 1_000_000,
            )
        )
    try:
        with open_text(path) as file:
            return json.load(file)
    except (ValueError, RecursionError) as error:
        raise InvalidError(
            gettext("This file is no JSON, perhaps half of one: %(why)s.", why=str(error)[:100])
        ) from error
