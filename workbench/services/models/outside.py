"""Versions that are the scores of a detector from outside: nothing of ours computed them.

Such a version has predictions, a layout by content, and K = 0 dimensions: no distiller, no
heatmaps, no pixel groups, no patterns (docs/adr/0054-scores-of-other-detectors.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from flask_babel import gettext

from workbench.services.errors import InvalidError
from workbench.store.versions import ModelVersion

KEY = "outside"
"""Where a version's metrics keep it."""
BESIDE = "beside"
"""Where they keep the trained version that it is compared with."""


@dataclass(frozen=True)
class Outside:
    """Whose scores a version has, and where they came from."""

    model: str
    """The detector's name, as the import was told it."""
    file: str
    """The file's name."""
    digest: str
    """SHA-256 over model, image ids and scores: equal for the same import."""
    without_score: int
    """Images of the collection that the file says nothing of."""

    def as_metrics(self) -> dict[str, Any]:
        """As a version's metrics keep it."""
        return {KEY: asdict(self)}


@dataclass(frozen=True)
class Beside:
    """The trained version that stood when scores were imported, on the images of their test set."""

    number: int
    auc: float | None


def outside_of(metrics: Mapping[str, Any]) -> Outside | None:
    """Whose scores a version has; None for one that was trained here."""
    kept = metrics.get(KEY)
    return (
        None
        if kept is None
        else Outside(**{each.name: kept[each.name] for each in fields(Outside)})
    )


def beside_of(metrics: Mapping[str, Any]) -> Beside | None:
    """What an imported version is compared with; None where there was nothing."""
    kept = metrics.get(BESIDE)
    return None if kept is None else Beside(kept["number"], kept["auc"])


def require_trained(version: ModelVersion) -> None:
    """Raise InvalidError, in one sentence, for a version that has scores alone."""
    outside = outside_of(version.metrics)
    if outside is not None:
        raise InvalidError(lacking_words(version.number, outside))


def lacking_words(number: int, outside: Outside) -> str:
    """What a version with scores alone cannot show, and why."""
    return gettext(
        "v%(number)s has the scores of %(model)s alone, computed elsewhere: there are no heatmaps, "
        "pixel groups, patterns or dimensions.",
        number=number,
        model=outside.model,
    )
