"""Keys of further pages: the sort value and the id of the last row shown."""

from __future__ import annotations

from workbench.services.errors import InvalidError


def key_text(value: float, row_id: int) -> str:
    """The key as it stands in a URL; it reads back to the very same number."""
    return f"{float(value)!r}~{row_id}"


def parse_key(text: str) -> tuple[float, int]:
    """Sort value and id. Raises InvalidError for anything else than such a key."""
    value, _, row_id = text.partition("~")
    try:
        return float(value), int(row_id)
    except ValueError as error:
        raise InvalidError(
            "This link to a further page is broken; start from the first."
        ) from error
