"""The counterfactual panel: what an address asks for, tried, and what may be set.

Nothing is tried before somebody has said what they expect: an expectation that is given after the
result is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import gettext

from workbench.services.errors import UnavailableError
from workbench.services.image import counterfactuals
from workbench.services.image.counterfactuals import Outcome
from workbench.services.review.notes import is_met
from workbench.web.presenters.bars import Strip, control_strip
from workbench.web.presenters.evidence import TrialWords, trial_words
from workbench.web.request.edits import ChosenEdit, read_edit, read_expectation
from workbench.web.request.view import View
from workbench.web.site.errors import words_of

STRIP_WIDTH = 240.0


@dataclass(frozen=True)
class Trial:
    """A counterfactual that has just been tried, and what was expected of it before."""

    chosen: ChosenEdit
    expectation: str
    met: bool | None
    """None where there are too few controls to tell."""
    outcome: Outcome
    strip: Strip | None
    words: TrialWords


@dataclass(frozen=True)
class CounterfactualPanel:
    """What `partials/image_counterfactual.html` shows."""

    chosen: ChosenEdit | None
    """The edit that the form stands at."""
    expectation: str | None
    """What was said of an edit whose result has not been shown; no longer once it has."""
    trial: Trial | None
    refused: str | None
    """Why the edit that was asked for cannot be tried at present."""
    references: tuple[tuple[str, str], ...]
    """What a dimension may be set to: the parameter's value, and its words."""

    @property
    def unexpected(self) -> bool:
        """Whether an edit was chosen without a word of what it is expected to do."""
        return self.chosen is not None and self.trial is None and self.expectation is None


def is_asked_for(values: Mapping[str, str]) -> bool:
    """Whether an address asks for an edit to be tried, and not only to be chosen."""
    return bool(values.get("edit") and values.get("expectation"))


def counterfactual_panel(
    version_id: int, image_id: int, view: View, values: Mapping[str, str]
) -> CounterfactualPanel:
    """The panel for an address's parameters; without the encoder the rest of the page stands."""
    chosen, expectation = read_edit(values), read_expectation(values)
    trial = refused = None
    if chosen is not None and expectation is not None:
        try:
            trial = _tried(version_id, image_id, chosen, expectation)
        except UnavailableError as error:
            refused = words_of(error)
    unanswered = None if trial else expectation
    return CounterfactualPanel(chosen, unanswered, trial, refused, _references(view, chosen))


def _tried(version_id: int, image_id: int, chosen: ChosenEdit, expectation: str) -> Trial:
    outcome = counterfactuals.try_edit(version_id, image_id, chosen.edit)
    return Trial(
        chosen=chosen,
        expectation=expectation,
        met=is_met(expectation, outcome.delta_logit, outcome.interval),
        outcome=outcome,
        strip=control_strip(outcome.delta_logit, outcome.controls, outcome.interval, STRIP_WIDTH)
        if outcome.controls
        else None,
        words=trial_words(outcome, of_dimension=chosen.of_dimension),
    )


def _references(view: View, chosen: ChosenEdit | None) -> tuple[tuple[str, str], ...]:
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
    if chosen is not None and chosen.to not in offered:
        offered[chosen.to] = gettext("mean of another cell")
    return tuple(offered.items())
