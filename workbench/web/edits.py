"""Counterfactual edits as an address or a form names them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from workbench.services.counterfactuals import DimensionEdit, RegionEdit
from workbench.services.errors import InvalidError
from workbench.web.converters import LARGEST_ID
from workbench.web.parsing import choice

Fill = Literal["inpaint", "blur", "mean"]
FILLS: tuple[Fill, ...] = ("inpaint", "blur", "mean")
_EDIT = re.compile(r"(group|dimension)-([0-9]{1,10})", re.ASCII)


@dataclass(frozen=True)
class ChosenEdit:
    """An edit, and the two parameters that stand for it."""

    edit: RegionEdit | DimensionEdit
    name: str
    """`group-12` or `dimension-3`."""
    fill: Fill


def read_edit(values: Mapping[str, str]) -> ChosenEdit | None:
    """The edit that `edit` and `fill` describe; None where there is no `edit`."""
    text = values.get("edit", "").strip()
    fill = next((each for each in FILLS if each == choice(values, "fill", FILLS)), FILLS[0])
    if not text:
        return None
    match = _EDIT.fullmatch(text)
    if match is None or int(match[2]) > LARGEST_ID:
        raise InvalidError("“edit” must name a pixel group or a dimension of this image.")
    number = int(match[2])
    edit = RegionEdit(number, fill) if match[1] == "group" else DimensionEdit(number)
    return ChosenEdit(edit, text, fill)
