"""Cells of tables to take away."""

from __future__ import annotations

import re
from typing import Final

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
"""What a spreadsheet takes for a formula, and what stands for it."""


def plain(text: str) -> str:
    """A text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def original(cell: str) -> str:
    """The text of a cell that `plain` wrote."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
