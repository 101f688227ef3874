"""A dimension's part in errors: what it adds to images' logits, and what they are without it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.services import app_settings
from workbench.services.columns.store import ColumnStore, Rows
from workbench.services.explore.dimensions import sides
from workbench.services.explore.filters import Chosen
from workbench.services.models.arrays import logit_weights_of
from workbench.services.models.dimensions import check_dimension
from workbench.store.outcomes import code_of


@dataclass(frozen=True)
class MeanContribution:
    """What a dimension adds to the logit, in the mean over images; None without any."""

    images: int
    mean: float | None


@dataclass(frozen=True)
class PartInErrors:
    """Of the images of one side. "Without" is the logit less what the dimension adds to it."""

    false_positives: MeanContribution
    false_negatives: MeanContribution
    correct: MeanContribution
    errors_right_without: int
    """How many of the errors would be called right."""
    correct_wrong_without: int
    """How many of the correct images would be called wrong."""

    @property
    def errors(self) -> int:
        """How many images are misclassified."""
        return self.false_positives.images + self.false_negatives.images


def parts_in_errors(
    chosen: Chosen, dimension: int, left: int | None, right: int | None
) -> tuple[PartInErrors, ...]:
    """Of both sides, as `violins` takes them; one where they are the same images.

    Raises InvalidError for an unknown dimension, NotFoundError for another version's cell.
    """
    store = chosen.store
    check_dimension(dimension, len(store.activations))
    weight = float(logit_weights_of(store.version_id, app_settings.settings())[dimension])
    contributions = weight * store.activations[dimension].astype(np.float64)
    one, other = sides(chosen, left, right)
    found = [_part(store, contributions, one)]
    if not np.array_equal(one, other):
        found.append(_part(store, contributions, other))
    return tuple(found)


def _part(store: ColumnStore, contributions: NDArray[np.float64], rows: Rows) -> PartInErrors:
    outcomes = store.outcomes
    false_positive = rows & (outcomes == code_of("real_called_fake"))
    false_negative = rows & (outcomes == code_of("fake_called_real"))
    correct = rows & ~store.wrong
    # p(fake) of exactly 0.5 is called real.
    fake_without = store.logits.astype(np.float64) - contributions > 0
    fake = (outcomes == code_of("fake_right")) | (outcomes == code_of("fake_called_real"))
    right_without = fake_without == fake
    return PartInErrors(
        false_positives=_mean(contributions[false_positive]),
        false_negatives=_mean(contributions[false_negative]),
        correct=_mean(contributions[correct]),
        errors_right_without=int(np.count_nonzero(rows & store.wrong & right_without)),
        correct_wrong_without=int(np.count_nonzero(correct & ~right_without)),
    )


def _mean(contributions: NDArray[np.float64]) -> MeanContribution:
    count = len(contributions)
    return MeanContribution(count, float(contributions.mean()) if count else None)
