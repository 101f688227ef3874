"""The dimensions' panel: violins of two sets of images side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext

from workbench.services.explore.descriptions import DimensionView
from workbench.services.explore.dimensions import Violin
from workbench.web.presenters.mean_map import DrawnMap, drawn_map
from workbench.web.presenters.violin import Half, half_violin, height_of
from workbench.web.site.description_words import long_words
from workbench.web.site.formatting import fixed, signed


@dataclass(frozen=True)
class DrawnDimension:
    """One dimension, with its two sides back to back."""

    violin: Violin
    left: Half
    right: Half
    zero_y: float | None
    """Height of the line at activation 0; None where that is the bottom."""
    label: str
    shown: DimensionView
    """What it shows, and where."""
    map: DrawnMap | None

    @property
    def index(self) -> int:
        return self.violin.index

    @property
    def weight(self) -> float:
        return self.violin.weight


def drawn(
    violins: Sequence[Violin], views: Sequence[DimensionView], by: str
) -> tuple[DrawnDimension, ...]:
    """Draw violins by index, or by how far the sides' means lie apart in logits.

    `views` are those of all dimensions, by index.
    """
    ordered = sorted(violins, key=lambda each: (-abs(each.difference), each.index))
    return tuple(
        _drawn(each, views[each.index]) for each in (ordered if by == "difference" else violins)
    )


def _drawn(violin: Violin, view: DimensionView) -> DrawnDimension:
    left, right, axis = violin.left, violin.right, (violin.low, violin.high)
    return DrawnDimension(
        violin=violin,
        left=half_violin(left.density, height_of(left.mean, *axis), "left"),
        right=half_violin(right.density, height_of(right.mean, *axis), "right"),
        zero_y=height_of(0.0, *axis) if violin.low < 0 else None,
        label=_sentence(violin, view),
        shown=view,
        map=drawn_map(view.mean_map),
    )


def _sentence(violin: Violin, view: DimensionView) -> str:
    words = long_words(view)
    name = (
        gettext("Dimension %(index)s: %(words)s", index=violin.index, words=words)
        if words
        else gettext("Dimension %(index)s", index=violin.index)
    )
    return gettext(
        "%(dimension)s, weight %(weight)s. Mean activation %(left)s on the left, %(right)s on the "
        "right.",
        dimension=name,
        weight=signed(violin.weight),
        left=fixed(violin.left.mean),
        right=fixed(violin.right.mean),
    )
