"""Counterfactual edits as an address or a form names them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from flask_babel import gettext

from workbench.analysis.regions.counterfactual import FILLS, Fill
from workbench.services.errors import InvalidError
from workbench.services.image.edits import DimensionEdit, RegionEdit
from workbench.services.review.expectations import DIRECTIONS, Expected
from workbench.store.database import LARGEST_ID
from workbench.web.request.parsing import choice, decimal

_EDIT = re.compile(r"(group|dimension)-([0-9]{1,10})", re.ASCII)
_CELL = re.compile(r"cell-([0-9]{1,10})", re.ASCII)


@dataclass(frozen=True)
class ChosenEdit:
    """An edit, and the three parameters that stand for it."""

    edit: RegionEdit | DimensionEdit
    name: str
    """`group-12` or `dimension-3`."""
    fill: Fill
    """Of a region."""
    to: str
    """What a dimension is set to: `zero`, `own` or `cell-7`."""

    @property
    def of_dimension(self) -> bool:
        """Whether a dimension is edited, and not a region."""
        return isinstance(self.edit, DimensionEdit)


def read_edit(values: Mapping[str, str]) -> ChosenEdit | None:
    """The edit that `edit`, `fill` and `to` describe; None where there is no `edit`."""
    text = values.get("edit", "").strip()
    fill = choice(values, "fill", FILLS) or FILLS[0]
    if not text:
        return None
    match = _EDIT.fullmatch(text)
    if match is None or int(match[2]) > LARGEST_ID:
        raise InvalidError(gettext("“edit” must be group-NUMBER or dimension-NUMBER."))
    number = int(match[2])
    to = values.get("to", "").strip() or "zero"
    reference = _reference(to)
    edit = RegionEdit(number, fill) if match[1] == "group" else DimensionEdit(number, reference)
    return ChosenEdit(edit, text, fill, to)


def read_expected(values: Mapping[str, str]) -> Expected | None:
    """What is expected of p(fake); None where it is not said.

    `bound` is what it falls below or rises above; of what stays it says nothing.
    """
    direction = choice(values, "expectation", DIRECTIONS)
    if direction is None:
        return None
    text = values.get("bound", "").strip().replace(",", ".")
    bound = decimal(text, "bound") if text and direction != "stay" else None
    return Expected(direction, bound)


def _reference(text: str) -> int | Literal["zero", "own"]:
    if text == "zero":
        return "zero"
    if text == "own":
        return "own"
    match = _CELL.fullmatch(text)
    if match is None or int(match[1]) > LARGEST_ID:
        raise InvalidError(gettext("“to” must be zero, own or cell-NUMBER."))
    return int(match[1])
