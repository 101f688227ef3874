"""The dimensions' panel: violins of two sets of images side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext

from workbench.services.dimensions import Violin
from workbench.web.formatting import label_words, signed
from workbench.web.presenters.violin import Half, half_violin


@dataclass(frozen=True)
class DrawnDimension:
    """One dimension: A's half left, B's (or everything's) right."""

    index: int
    weight: float
    reads: str
    left: Half
    right: Half
    label: str


def drawn(
    violins: Sequence[Violin], against: Sequence[Violin] | None
) -> tuple[DrawnDimension, ...]:
    """Draw violins; `against` gives the right sides where the violins have no B of their own."""
    others = {violin.index: violin for violin in against or ()}
    return tuple(_drawn(violin, others.get(violin.index)) for violin in violins)


def _drawn(violin: Violin, other: Violin | None) -> DrawnDimension:
    density, high = violin.density_a, violin.high
    mean: float | None = violin.mean_a
    right_mean = None
    if violin.density_b is not None:
        density, mean = violin.density_b, violin.mean_b
        right_mean = mean
    elif other is not None:
        density, mean, high = other.density_a, other.mean_a, other.high
        right_mean = mean
    axis = max(violin.high, high)
    return DrawnDimension(
        index=violin.index,
        weight=violin.weight,
        reads=violin.reads,
        left=half_violin(violin.density_a, violin.mean_a, violin.high, axis, "left"),
        right=half_violin(density, mean, high, axis, "right"),
        label=_sentence(violin, right_mean),
    )


def _sentence(violin: Violin, right_mean: float | None) -> str:
    return f"{_what_it_is(violin)} {_how_active(violin.mean_a, right_mean)}"


def _what_it_is(violin: Violin) -> str:
    weight = signed(violin.weight)
    side = label_words("fake" if violin.weight >= 0 else "real")
    if not violin.reads:
        return gettext(
            "Dimension %(index)s: weight %(weight)s, toward %(side)s.",
            index=violin.index,
            weight=weight,
            side=side,
        )
    return gettext(
        "Dimension %(index)s: %(reads)s, weight %(weight)s, toward %(side)s.",
        index=violin.index,
        reads=violin.reads,
        weight=weight,
        side=side,
    )


def _how_active(left: float, right: float | None) -> str:
    if right is None:
        return gettext("Mean activation %(mean)s.", mean=f"{left:.2f}")
    return gettext(
        "Mean activation %(left)s on the left, %(right)s on the right.",
        left=f"{left:.2f}",
        right=f"{right:.2f}",
    )
