"""The counterfactual panel: what an address asks for, tried, and what may be set.

Nothing is tried before somebody has said what they expect: an expectation that is given after the
result is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask_babel import gettext

from workbench.services.errors import UnavailableError
from workbench.services.image import counterfactuals, note_writing
from workbench.services.image.counterfactuals import Outcome
from workbench.services.review.expectations import Expected, check_expected, is_met
from workbench.web.presenters.bars import Strip, control_strip
from workbench.web.presenters.evidence import TrialWords, trial_words
from workbench.web.request.edits import ChosenEdit, read_edit, read_expected
from workbench.web.request.parsing import whole
from workbench.web.request.view import View
from workbench.web.site.errors import words_of

STRIP_WIDTH = 240.0


@dataclass(frozen=True)
class ShownTrial:
    """A counterfactual that has been tried, and what was expected of it before."""

    chosen: ChosenEdit
    expected: Expected
    met: bool | None
    """None where there are too few controls to tell."""
    outcome: Outcome
    strip: Strip | None
    words: TrialWords
    expectation_id: int | None = None
    """The row that a note is written on; None for a reader who writes none."""
    known: bool = False
    """Whether the reader had asked for the same result before."""


@dataclass(frozen=True)
class CounterfactualPanel:
    """What `partials/image_counterfactual.html` shows."""

    chosen: ChosenEdit | None
    """The edit that the form stands at."""
    expected: Expected | None
    """What was said of an edit whose result has not been shown; no longer once it has."""
    trial: ShownTrial | None
    refused: str | None
    """Why the edit that was asked for cannot be tried at present."""
    references: tuple[tuple[str, str], ...]
    """What a dimension may be set to: the parameter's value, and its words."""

    @property
    def unexpected(self) -> bool:
        """Whether an edit was chosen without a word of what it is expected to do."""
        return self.chosen is not None and self.trial is None and self.expected is None


def is_asked_for(values: Mapping[str, str]) -> bool:
    """Whether an address asks for an edit to be tried, and not only to be chosen."""
    return bool(values.get("edit") and values.get("expectation"))


def counterfactual_panel(
    version_id: int, image_id: int, view: View, values: Mapping[str, str], writer: int | None
) -> CounterfactualPanel:
    """The panel for an address's parameters; without the encoder the rest of the page stands.

    `writer` is the id of a reader who may write notes: they see a result once they have written
    down what they expect, which `expected` names. Others see what the address asks for.
    """
    chosen, expected = read_edit(values), read_expected(values)
    trial = refused = None
    if chosen is not None and expected is not None:
        try:
            trial = (
                _tried(version_id, image_id, chosen, expected)
                if writer is None
                else _own(writer, version_id, image_id, chosen, whole(values, "expected", low=1))
            )
        except UnavailableError as error:
            refused = words_of(error)
    unanswered = expected if refused else None
    return CounterfactualPanel(chosen, unanswered, trial, refused, _references(view, chosen))


def _tried(version_id: int, image_id: int, chosen: ChosenEdit, expected: Expected) -> ShownTrial:
    check_expected(expected)
    outcome = counterfactuals.try_edit(version_id, image_id, chosen.edit)
    met = is_met(expected, outcome.p_after, outcome.delta_logit, outcome.interval)
    return _shown(chosen, expected, outcome, met)


def _own(
    writer: int, version_id: int, image_id: int, chosen: ChosenEdit, written: int | None
) -> ShownTrial | None:
    """The trial that the reader has written down; None for a link that somebody else shared."""
    found = None
    if written is not None:
        found = note_writing.trial(writer, version_id, image_id, written)
    if found is None:
        return None
    shown = _shown(chosen, found.expected, found.outcome, found.met)
    return replace(
        shown, expectation_id=None if found.noted else found.expectation_id, known=found.known
    )


def _shown(
    chosen: ChosenEdit, expected: Expected, outcome: Outcome, met: bool | None
) -> ShownTrial:
    return ShownTrial(
        chosen=chosen,
        expected=expected,
        met=met,
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
