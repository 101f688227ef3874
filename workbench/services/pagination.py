"""Keys of further pages: the sort value and the id of the last row shown."""

from __future__ import annotations

import math

from flask_babel import gettext

from workbench.services.errors import InvalidError
from workbench.store.database import LARGEST_ID


def key_text(value: float, row_id: int) -> str:
    """The key as it stands in a URL; it reads back to the very same number."""
    return f"{float(value)!r}~{row_id}"


def parse_key(text: str) -> tuple[float, int]:
    """Sort value and id. Raises InvalidError for anything else than such a key."""
    value, _, row_id = text.partition("~")
    try:
        key = float(value), int(row_id)
    except ValueError:
        raise _broken() from None
    if not math.isfinite(key[0]) or not 0 <= key[1] <= LARGEST_ID:
        raise _broken()
    return key


def _broken() -> InvalidError:
    return InvalidError(gettext("Invalid page key. Start from the first page."))
