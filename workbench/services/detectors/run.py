"""Import the scores of a detector from outside as a version of a collection."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from workbench.config import Settings
from workbench.services.collections import find_collection
from workbench.services.detectors.matching import NAMED, Matched, match
from workbench.services.detectors.table import read_scores
from workbench.services.detectors.write import write_version
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.models.outside import Outside, outside_of
from workbench.services.models.versions import finished_versions
from workbench.services.pipeline.layout import Placed, place_by_content
from workbench.services.progress import Cancelled, Progress, Together
from workbench.services.runs import processes, queue
from workbench.services.runs.claims import Claim, ClaimLost, held
from workbench.services.runs.progress import Heartbeat, RunProgress
from workbench.services.runs.removal import remove_left
from workbench.services.sources.entries import display

MOST_NAME: Final = 80
"""Characters of a detector's name."""


@dataclass(frozen=True)
class ScoresReport:
    """What became of a table of scores; of each list of names the first."""

    collection: str
    model: str
    version: int | None
    """None for a dry run."""
    already: bool
    """The version was there: the same scores had been imported before."""
    scores: int
    rows: int
    repeated: int
    empty: int
    unknown: int
    ambiguous: int
    without_score: int
    lost: int
    """Images with a score that have no place in the layout: their normalised copies are lost."""
    unknown_names: tuple[str, ...] = field(default=())
    ambiguous_names: tuple[str, ...] = field(default=())
    without_names: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """As one object for JSON."""
        return asdict(self)


def import_scores(  # noqa: PLR0913 - what a person may say of it
    path: Path,
    *,
    collection: str,
    model: str,
    columns: Mapping[str, str],
    settings: Settings,
    engine: Engine,
    progress: Progress,
    dry_run: bool = False,
    again: bool = False,
) -> ScoresReport:
    """Keep p(fake) by a detector from outside as a version that has scores and no maps.

    The same scores under the same name are imported once, unless `again` is asked for, which
    measures them with the labels as they stand now. Raises NotFoundError and InvalidError for what
    cannot be read or matched, ConflictError where a run is under way.
    """
    collection_id = find_collection(collection).id
    name = _checked(model)
    if not path.is_file():
        raise NotFoundError(f"{display(path)} not found")
    found = match(collection_id, read_scores(path, columns), path.resolve().parent, settings)
    if not found.scores:
        raise InvalidError(_in_vain(path, collection, found))
    outside = Outside(name, display(path.name), _digest(name, found.scores), len(found.without))
    if not again and (known := _imported_before(collection_id, outside)) is not None:
        return _report(collection, name, found, version=known, already=True)
    if dry_run:
        return _report(collection, name, found)
    number, lost = _run(collection_id, found.scores, outside, settings, engine, progress)
    return _report(collection, name, found, version=number, lost=lost)


def _run(
    collection_id: int,
    scores: Mapping[int, float],
    outside: Outside,
    settings: Settings,
    engine: Engine,
    progress: Progress,
) -> tuple[int, int]:
    """The version's number, and how many images had no place.

    It is a run like any other, so that it meets no other run of the collection; when it fails, what
    it wrote goes.
    """
    queue.recover()
    claim = queue.begin_scores(collection_id, processes.new_name())
    together = Together(RunProgress(engine, claim), progress)
    try:
        with Heartbeat(engine, claim), held(claim):
            placed = place_by_content(collection_id, sorted(scores), settings, together)
            kept = _with_place(scores, placed)
            return (
                write_version(claim.run_id, kept, outside, placed, settings, together),
                len(scores) - len(kept),
            )
    except Cancelled:
        _give_up(claim, "cancelled", "")
        raise InvalidError("The import was cancelled; nothing was kept.") from None
    except ClaimLost:
        raise ConflictError("Another process has ended this import; start it again.") from None
    except BaseException as error:
        _give_up(claim, "failed", str(error) or type(error).__name__)
        raise


def _with_place(scores: Mapping[int, float], placed: Placed) -> dict[int, float]:
    return {int(each): scores[int(each)] for each in placed.image_ids}


def _give_up(claim: Claim, state: str, error: str) -> None:
    queue.end(claim, state, error)
    remove_left()


def _checked(model: str) -> str:
    name = display(model.strip())
    if not name or len(name) > MOST_NAME:
        raise InvalidError(f"Name the detector with --model, in 1 to {MOST_NAME} characters.")
    return name


def _digest(model: str, scores: Mapping[int, float]) -> str:
    content = json.dumps([model, sorted(scores.items())])
    return hashlib.sha256(content.encode()).hexdigest()


def _imported_before(collection_id: int, outside: Outside) -> int | None:
    for version in finished_versions(collection_id):
        known = outside_of(version.metrics)
        if known is not None and known.digest == outside.digest:
            return version.number
    return None


def _report(
    collection: str,
    model: str,
    found: Matched,
    *,
    version: int | None = None,
    already: bool = False,
    lost: int = 0,
) -> ScoresReport:
    return ScoresReport(
        collection=collection,
        model=model,
        version=version,
        already=already,
        scores=len(found.scores) - lost,
        rows=found.rows,
        repeated=found.repeated,
        empty=found.empty,
        unknown=len(found.unknown),
        ambiguous=len(found.ambiguous),
        without_score=len(found.without),
        lost=lost,
        unknown_names=tuple(found.unknown[:NAMED]),
        ambiguous_names=tuple(found.ambiguous[:NAMED]),
        without_names=tuple(found.without[:NAMED]),
    )


def _in_vain(path: Path, collection: str, found: Matched) -> str:
    if not found.rows:
        return f"{display(path.name)} has no rows; nothing was imported."
    names = ", ".join([*found.unknown, *found.ambiguous][:3])
    example = f", such as {names}" if names else ""
    several = f", {len(found.ambiguous)} mean several" if found.ambiguous else ""
    return (
        f"None of {found.rows} rows is of an image of {collection}{several}{example}. Write paths "
        "as they end below the imported folder, ids, or the SHA-256 of the originals."
    )
