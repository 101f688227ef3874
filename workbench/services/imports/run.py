"""Import: brings a source's images into a collection, in a stream that may be cut at any point."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete, or_, select, update

from workbench.analysis.images.normalise import bounded_decoding
from workbench.config import Settings
from workbench.files import settle
from workbench.services.collections import check_name, refuse_leaving
from workbench.services.errors import InvalidError
from workbench.services.imports.near_duplicates import NearDuplicates
from workbench.services.imports.reading import (
    DECODERS,
    Already,
    Outcome,
    Reader,
    Ready,
    Rejected,
    size_and_time,
)
from workbench.services.imports.report import ImportReport, report_of
from workbench.services.imports.shortcuts import measure_shortcuts
from workbench.services.imports.split import represent_both_labels
from workbench.services.imports.taken_down import taken_down
from workbench.services.imports.writing import Batch, Known, Tally, imported_earlier
from workbench.services.lookahead import ahead
from workbench.services.progress import Cancelled, Progress
from workbench.services.sources.entries import Candidate, Entry, ImageSource, Refusal, display
from workbench.services.sources.open import open_source
from workbench.services.sources.options import SourceOptions
from workbench.store.database import now, session, transaction
from workbench.store.image_files import original_uri
from workbench.store.images import Collection, Image, ImportRejection, ImportRun

MAX_TITLE: Final = 200

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


_Given = tuple[Entry, str, Known | None]
"""An entry, its URI, and what an earlier run made of it."""


def import_images(
    source: Path | Sequence[Path],
    *,
    collection: str,
    settings: Settings,
    progress: Progress,
    options: SourceOptions | None = None,
    title: str = "",
    description: str = "",
) -> ImportReport:
    """Import the images of a folder, a manifest, a list or single files into a collection.

    Streams: memory does not grow with the number of images. What is committed stays: run again
    after an interruption, it goes on where it was. One bad file is a rejection with its reason;
    a disk or database that fails ends the run, and is raised. A collection that is new, and of
    which nothing could be imported, is not kept. Pictures that were taken down are rejected, unless
    the options allow them.

    Raises NotFoundError or InvalidError, with nothing changed, where the source cannot be read.
    """
    started = time.monotonic()
    check_name(collection)
    _check_title(title)
    images = open_source(source, settings.image_root, options)
    total = images.count()
    allow_removed = options is not None and options.allow_removed
    started_run = _start(collection, title, description, _shown(source))
    run = _Run(settings, *started_run, allow_removed=allow_removed)
    state = "failed"
    try:
        with bounded_decoding(settings.max_pixels):
            run.take_all(images, total, progress)
        facts = run.conclude(progress)
        state = "succeeded"
    except (KeyboardInterrupt, Cancelled):
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


def _check_title(title: str) -> None:
    if len(title) > MAX_TITLE or display(title) != title:
        raise InvalidError(f"a title has at most {MAX_TITLE} visible characters")


def _start(name: str, title: str, description: str, source: str) -> tuple[int, int, bool]:
    """The ids of the collection and of a new import run; whether the collection is new."""
    with transaction() as write:
        collection = write.scalar(select(Collection).where(Collection.name == name))
        if made := collection is None:
            collection = Collection(name=name, title=name)
            write.add(collection)
        else:
            refuse_leaving(write, collection.id)
        collection.title = title or collection.title
        collection.description = description or collection.description
        write.flush()
        # Its process is gone: it was killed before it could say so.
        write.execute(
            update(ImportRun)
            .where(ImportRun.collection_id == collection.id, ImportRun.state == "running")
            .values(state="interrupted", finished_at=now())
        )
        run = ImportRun(collection_id=collection.id, source=source)
        write.add(run)
        write.flush()
        return collection.id, run.id, made


class _Run:
    """One import under way."""

    def __init__(
        self,
        settings: Settings,
        collection_id: int,
        run_id: int,
        made: bool,
        *,
        allow_removed: bool,
    ) -> None:
        self.collection_id = collection_id
        self._made = made
        self.tally = Tally()
        self._image_root = settings.image_root
        self._image_dir = settings.image_dir
        self._allow_removed = allow_removed
        self._reader = Reader(settings, frozenset() if allow_removed else taken_down(session()))
        self._settings = settings
        self._near = NearDuplicates(collection_id, settings.image_dir)
        self._run_id = run_id
        self._waiting: list[Outcome] = []
        self._committed_at = time.monotonic()
        self._split_is_given = False

    def take_all(self, images: ImageSource, total: int, progress: Progress) -> None:
        """Read, normalise and commit everything, a batch at a time."""
        with closing(self._outcomes(images)) as outcomes:
            for done, outcome in enumerate(outcomes, start=1):
                self._waiting.append(outcome)
                if self._is_due():
                    self._commit()
                progress.advance(done, max(done, total), "import")
        self._commit()

    def conclude(self, progress: Progress) -> dict[str, Any]:
        """Settle the held-out split and measure the file facts, once all images are in."""
        progress.advance(0, 1, "Reading metadata")
        if not self._split_is_given:
            with transaction() as write:
                represent_both_labels(write, self.collection_id)
        facts = measure_shortcuts(self.collection_id, self._settings)
        with transaction() as write:
            write.get_one(Collection, self.collection_id).file_facts = facts
        progress.advance(1, 1, "Reading metadata")
        return facts

    def end(self, state: str) -> None:
        """Commit what is ready and write down how the run ended."""
        self._commit()
        with transaction() as write:
            run = write.get_one(ImportRun, self._run_id)
            run.state, run.finished_at = state, now()
        if self._made and state != "failed" and not self.tally.counts["imported"]:
            self._remove_collection()

    def _remove_collection(self) -> None:
        """Remove what this run made for nothing, unless another one has put images in it."""
        here = Collection.id == self.collection_id
        with transaction() as write:
            write.scalar(select(Collection.id).where(here).with_for_update())
            its_runs = select(ImportRun.id).where(ImportRun.collection_id == self.collection_id)
            others = its_runs.where(ImportRun.id != self._run_id)
            images = select(Image.id).where(Image.collection_id == self.collection_id)
            if write.scalar(select(or_(others.exists(), images.exists()))):
                return
            write.execute(delete(ImportRejection).where(ImportRejection.run_id.in_(its_runs)))
            write.execute(delete(ImportRun).where(ImportRun.id == self._run_id))
            write.execute(delete(Collection).where(here))

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
            keys = [
                (self._uri(entry), *size_and_time(entry)) if isinstance(entry, Candidate) else None
                for entry in chunk
            ]
            known = imported_earlier(self.collection_id, list(filter(None, keys)))
            given = []
            for entry, key in zip(chunk, keys, strict=True):
                if isinstance(entry, Candidate):
                    self._split_is_given |= entry.held_out is not None
                given.append(
                    (entry, key[0], known.get(key)) if key else (entry, self._uri(entry), None)
                )
            for start in range(0, len(given), _SHARE):
                yield given[start : start + _SHARE]

    def _read(self, share: list[_Given]) -> list[Outcome]:
        return [self._outcome(*given) for given in share]

    def _outcome(self, entry: Entry, uri: str, known: Known | None) -> Outcome:
        if isinstance(entry, Refusal):
            return Rejected(uri, entry.shown, entry.reason)
        lost = known is not None and self._is_lost(entry, known)
        if known is None or lost:
            return self._reader.read(entry, uri, lost=lost)
        reason = known.contradiction(entry)
        return Rejected(uri, entry.shown, reason) if reason else Already()

    def _is_lost(self, entry: Candidate, known: Known) -> bool:
        """Whether the normalised copy of a file that was imported earlier is lost."""
        return not known.contradiction(entry) and not self._reader.has(known.pixel_hash)

    def _uri(self, entry: Entry) -> str:
        path, root = entry.path, self._image_root
        if path is None:
            return ""
        # A refused entry may lie outside of the root; its URI is shown all the same.
        row = entry.inside.row if isinstance(entry, Candidate) and entry.inside else None
        return original_uri(path, root if root and path.is_relative_to(root) else None, row)

    def _commit(self) -> None:
        """Write what is waiting in one transaction; done again after an error, it counts once."""
        if self._waiting:
            # Also what was there: a killed process may have written it, and settled nothing.
            if any(isinstance(outcome, Ready) for outcome in self._waiting):
                settle(self._image_dir)
            with transaction() as write:
                batch = Batch(write, self.collection_id, self._run_id, self._near)
                tally = batch.write(self._waiting, allow_removed=self._allow_removed)
                counts = self.tally.counts + tally.counts
                write.execute(
                    update(ImportRun)
                    .where(ImportRun.id == self._run_id)
                    .values(counts=dict(counts))
                )
            self.tally.add(tally)
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
