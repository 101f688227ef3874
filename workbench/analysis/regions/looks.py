"""On how many images an effect is measured: on more, until its interval is narrow enough."""

from __future__ import annotations

from workbench.analysis.regions.counterfactual import Effect

FIRST = 8
"""Images before the first look: of fewer, a standard deviation says too little."""
STEP = 4
"""Images between two looks."""
PRECISE = 0.15
"""An interval is narrow enough that reaches so many standard deviations of the logits each way."""


def looks(most: int) -> list[int]:
    """After how many images the interval is looked at; the last time after `most`."""
    return [*range(FIRST, most, STEP), most]


def is_precise(effect: Effect, tolerance: float) -> bool:
    """Tell whether the effect's interval reaches no farther than `tolerance` to either side.

    By its width alone (Chow and Robbins 1965), not by where it lies: stopping as soon as an
    interval leaves out 0 would make effects of noise. An interval that lies within the tolerance of
    0 as a whole, a pattern that does nothing to speak of, is narrow enough too.
    """
    if effect.low is None or effect.high is None:
        return False
    return effect.high - effect.low <= 2 * tolerance
