"""The counterfactual panel: the edit that an address asks for, tried, and what may be set."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext

from workbench.services.errors import UnavailableError
from workbench.services.image import counterfactuals
from workbench.services.image.counterfactuals import Outcome
from workbench.web.presenters.bars import Strip, control_strip
from workbench.web.presenters.evidence import TrialWords, trial_words
from workbench.web.request.edits import ChosenEdit
from workbench.web.request.view import View
from workbench.web.site.errors import words_of

STRIP_WIDTH = 240.0


@dataclass(frozen=True)
class Trial:
    """A counterfactual that has just been tried."""

    chosen: ChosenEdit
    outcome: Outcome
    strip: Strip | None
    words: TrialWords


def try_edit(
    version_id: int, image_id: int, chosen: ChosenEdit | None
) -> tuple[Trial | None, str | None]:
    """The counterfactual asked for, or why it cannot be had; the rest of the page stands anyway."""
    if chosen is None:
        return None, None
    try:
        outcome = counterfactuals.try_edit(version_id, image_id, chosen.edit)
    except UnavailableError as error:
        return None, words_of(error)
    strip = (
        control_strip(outcome.delta_logit, outcome.controls, outcome.interval, STRIP_WIDTH)
        if outcome.controls
        else None
    )
    words = trial_words(outcome, of_dimension=chosen.of_dimension)
    return Trial(chosen, outcome, strip, words), None


def references(view: View, trial: Trial | None) -> tuple[tuple[str, str], ...]:
    """What a dimension may be set to: the parameter's value, and its words.

    0, the mean of its own cell, and those of the cells that the view has pinned or selected.
    """
    cells = (
        (view.a, gettext("mean of pinned cell A")),
        (view.b, gettext("mean of pinned cell B")),
        (view.cell, gettext("mean of the selected cell")),
    )
    offered = {"zero": "0", "own": gettext("mean of its own cell")}
    offered |= {f"cell-{cell}": words for cell, words in cells if cell is not None}
    if trial is not None and trial.chosen.to not in offered:
        offered[trial.chosen.to] = gettext("mean of another cell")
    return tuple(offered.items())
