"""Import: brings a source's images into a collection, in a stream that may be cut at any point."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select, update

from workbench.analysis.images.normalise import bounded_decoding
from workbench.config import Settings
from workbench.files import settle
from workbench.services.collections import check_name
from workbench.services.columns.store import forget_columns
from workbench.services.encoding.made_alike import alike_of
from workbench.services.imports.changes import NOTHING_ACCEPTED, Acceptance
from workbench.services.imports.collection import (
    NOT_DESCRIBED,
    Described,
    Started,
    begin,
    check_title,
    remove_made_in_vain,
)
from workbench.services.imports.groups import Groups
from workbench.services.imports.known import Known, gone_from, images_at, uri_of
from workbench.services.imports.near_duplicates import NearDuplicates
from workbench.services.imports.reading import (
    DECODERS,
    Already,
    Outcome,
    Reader,
    Ready,
    Rejected,
    light,
    size_and_time,
)
from workbench.services.imports.replaced import remove_pictures
from workbench.services.imports.report import ImportReport, report_of
from workbench.services.imports.shortcuts import are_of, measure_shortcuts
from workbench.services.imports.split import represent_both_labels
from workbench.services.imports.taken_down import taken_down
from workbench.services.imports.tally import Importing, Place, Tally
from workbench.services.imports.writing import Batch
from workbench.services.lookahead import ahead
from workbench.services.progress import Cancelled, Progress, Stopping
from workbench.services.sources.entries import Candidate, Entry, ImageSource, Refusal, display
from workbench.services.sources.open import open_source
from workbench.services.sources.options import SourceOptions
from workbench.store.database import now, session, transaction
from workbench.store.images import Collection, ImportRun
from workbench.store.versions import ModelVersion

_BATCH_IMAGES: Final = 256
_BATCH_SECONDS: Final = 2.0
_LOOKUP: Final = 512
_LOOKUP_BYTES: Final = 64_000_000
"""Of images that come with their entries, out of a file of many."""
_SHARE: Final = 8
"""Files that a thread takes at once: handing over costs as much as knowing one."""
# Writing waits for the disk, so more files are under way than are decoded at once.
_WORKERS: Final = 2 * DECODERS
_WINDOW: Final = 2 * _WORKERS


_Given = tuple[Entry, str, tuple[Known, ...]]
"""An entry, its URI, and the images that were imported from there."""


def import_images(
    source: Path | Sequence[Path],
    *,
    collection: str,
    settings: Settings,
    progress: Progress,
    options: SourceOptions | None = None,
    described: Described = NOT_DESCRIBED,
    by: Acceptance = NOTHING_ACCEPTED,
) -> ImportReport:
    """Import the images of a folder, a manifest, a list or single files into a collection.

    Streams: memory does not grow with the number of images. What is committed stays: run again
    after an interruption, it goes on where it was. One bad file is a rejection with its reason;
    a disk or database that fails ends the run, and is raised. A collection that is new, and of
    which nothing could be imported, is not kept. What the source says otherwise than at an earlier
    import is listed as a change, and made only where changes are accepted. Pictures that were taken
    down are rejected, unless the options allow them.

    Raises NotFoundError or InvalidError, with nothing changed, where the source cannot be read.
    """
    started = time.monotonic()
    check_name(collection)
    check_title(described.title)
    images = open_source(source, settings.image_root, options)
    total = images.count()
    allow_removed = options is not None and options.allow_removed
    into = begin(collection, described, _shown(source))
    run = _Run(settings, into, by, allow_removed=allow_removed)
    state = "failed"
    try:
        with bounded_decoding(settings.max_pixels):
            run.take_all(images, total, progress)
        facts = run.conclude(progress)
        state = "succeeded"
    except (KeyboardInterrupt, Cancelled, Stopping):
        state = "interrupted"
        raise
    finally:
        run.end(state)
    seconds = time.monotonic() - started
    return report_of(collection, run.collection_id, run.tally, facts, seconds)


def _shown(source: Path | Sequence[Path]) -> str:
    if isinstance(source, Path):
        return display(source)
    more = f" and {len(source) - 1} more" if len(source) > 1 else ""
    return f"{display(source[0])}{more}"


class _Run:
    """One import under way."""

    def __init__(
        self, settings: Settings, started: Started, by: Acceptance, *, allow_removed: bool
    ) -> None:
        self.collection_id = started.collection_id
        self._started = started
        self.tally = Tally()
        self._image_root = settings.image_root
        self._image_dir = settings.image_dir
        self._reader = Reader(settings, frozenset() if allow_removed else taken_down(session()))
        self._settings = settings
        near = NearDuplicates(started.collection_id, settings.image_dir)
        self._importing = Importing(
            started.collection_id,
            started.run_id,
            near,
            by,
            Groups.of(started.collection_id),
            allow_removed=allow_removed,
        )
        self._run_id = started.run_id
        self._waiting: list[Outcome] = []
        self._later: list[Ready] = []
        self._places: list[Place] = []
        self._committed_at = time.monotonic()
        self._split_is_given = False

    def take_all(self, images: ImageSource, total: int, progress: Progress) -> None:
        """Read, normalise and commit everything, a batch at a time."""
        with closing(self._outcomes(images)) as outcomes:
            for done, outcome in enumerate(outcomes, start=1):
                self._waiting.append(outcome)
                if self._is_due():
                    self._commit()
                progress.advance(done, max(done, total), "Importing images")
        self._commit()
        self._settle()

    def conclude(self, progress: Progress) -> dict[str, Any]:
        """Settle the held-out split and measure the file facts, once all images are in."""
        progress.advance(0, 1, "Reading metadata")
        if not self._split_is_given:
            with transaction() as write:
                represent_both_labels(write, self.collection_id)
        facts = self._known_facts() or measure_shortcuts(self.collection_id, self._settings)
        with transaction() as write:
            write.get_one(Collection, self.collection_id).file_facts = facts
        progress.advance(1, 1, "Reading metadata")
        return facts

    def _known_facts(self) -> dict[str, Any]:
        """The facts of the last import, where this one found nothing that they could have missed.

        Measuring them takes seconds, however few files there are.
        """
        counts = self.tally.counts
        if counts["seen"] != sum(counts[each] for each in ("already", "duplicates", "rejected")):
            return {}
        last = session().scalar(
            select(ImportRun.state)
            .where(ImportRun.collection_id == self.collection_id, ImportRun.id < self._run_id)
            .order_by(ImportRun.id.desc())
            .limit(1)
        )
        if last != "succeeded":
            return {}
        collection = session().get_one(Collection, self.collection_id)
        facts = dict(collection.file_facts or {})
        return facts if are_of(facts, alike_of(collection)) else {}

    def end(self, state: str) -> None:
        """Commit what is ready and write down how the run ended."""
        self._commit()
        with transaction() as write:
            run = write.get_one(ImportRun, self._run_id)
            run.state, run.finished_at = state, now()
        if self._started.made and state != "failed" and not self.tally.counts["imported"]:
            remove_made_in_vain(self._started)

    def _is_due(self) -> bool:
        waited = time.monotonic() - self._committed_at
        return len(self._waiting) >= _BATCH_IMAGES or waited >= _BATCH_SECONDS

    def _outcomes(self, images: ImageSource) -> Generator[Outcome]:
        """What became of each entry, in the source's order; a few are decoded ahead."""
        shares = ahead(self._read, self._with_earlier(images), threads=_WORKERS, depth=_WINDOW)
        with closing(shares):
            for share in shares:
                yield from share

    def _with_earlier(self, images: ImageSource) -> Generator[list[_Given]]:
        """Entries with the images that an earlier run made of the same unchanged files."""
        for chunk in _chunks(images):
            self._split_is_given |= any(
                isinstance(entry, Candidate) and entry.held_out is not None for entry in chunk
            )
            uris = [uri_of(entry, self._image_root) for entry in chunk]
            at = images_at(self.collection_id, uris)
            given = [(entry, uri, at.get(uri, ())) for entry, uri in zip(chunk, uris, strict=True)]
            for start in range(0, len(given), _SHARE):
                yield given[start : start + _SHARE]

    def _read(self, share: list[_Given]) -> list[Outcome]:
        return [self._outcome(*given) for given in share]

    def _outcome(self, entry: Entry, uri: str, earlier: tuple[Known, ...]) -> Outcome:
        if isinstance(entry, Refusal):
            return Rejected(uri, entry.shown, entry.reason)
        facts = size_and_time(entry) if earlier else None
        known = next((each for each in earlier if each.has_facts(facts)), None)
        if known is None or not self._reader.has(known.pixel_hash):
            return self._reader.read(entry, uri, lost=known is not None)
        return Already(entry, known, crowded=len(earlier) > 1)

    def _settle(self) -> None:
        """Deal with files in the places of others, once it is known where those are now."""
        for start in range(0, len(self._later), _BATCH_IMAGES):
            self._commit(self._later[start : start + _BATCH_IMAGES])
        for start in range(0, len(self._places), _BATCH_IMAGES):
            with transaction() as write:
                batch = Batch(write, self._importing, settled=True)
                tally = batch.settle(self._places[start : start + _BATCH_IMAGES])
            self._tell(tally)
        self._later.clear()
        self._places.clear()

    def _tell(self, tally: Tally) -> None:
        """Count what was committed; columns with what images were imported as are made anew."""
        self.tally.add(tally)
        if tally.accepted:
            its = select(ModelVersion.id).where(ModelVersion.collection_id == self.collection_id)
            for version_id in session().scalars(its).all():
                forget_columns(version_id, self._settings)
        if tally.replaced:
            remove_pictures(tally.replaced, self._settings)

    def _commit(self, settled: Sequence[Ready] | None = None) -> None:
        """Write what is waiting in one transaction; done again after an error, it counts once."""
        outcomes: list[Outcome] = self._waiting if settled is None else [*settled]
        ready = [outcome for outcome in outcomes if isinstance(outcome, Ready)]
        if ready:
            # Also what was there: a killed process may have written it, and settled nothing.
            settle(self._image_dir)
        if outcomes:
            gone = gone_from(self.collection_id, ready, self._image_root)
            with transaction() as write:
                batch = Batch(write, self._importing, settled=settled is not None)
                tally = batch.write(outcomes, gone)
                counts = self.tally.counts + tally.counts
                write.execute(
                    update(ImportRun)
                    .where(ImportRun.id == self._run_id)
                    .values(counts=dict(counts))
                )
            self._tell(tally)
            self._later += map(light, batch.later)
            self._places += batch.places
        if settled is None:
            self._waiting.clear()
        self._committed_at = time.monotonic()


def _chunks(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Entries in lists of at most `_LOOKUP`, or of little more than `_LOOKUP_BYTES`."""
    chunk: list[Entry] = []
    held = 0
    for entry in entries:
        chunk.append(entry)
        if isinstance(entry, Candidate) and entry.inside:
            held += len(entry.inside.content)
        if len(chunk) == _LOOKUP or held >= _LOOKUP_BYTES:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk
