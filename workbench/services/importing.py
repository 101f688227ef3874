"""Import: brings a source's images into a collection, in a stream that may be cut at any point."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from workbench.analysis.normalise import UnusableImageError, bounded_decoding, normalise
from workbench.config import Settings
from workbench.services.errors import InvalidError
from workbench.services.file_facts import measure_file_facts
from workbench.services.held_out import is_held_out, represent_both_labels
from workbench.services.manifests import (
    Candidate,
    Entry,
    ImageSource,
    Refusal,
    display,
    open_source,
)
from workbench.services.progress import Cancelled, Progress
from workbench.store.database import now, session, transaction
from workbench.store.image_files import original_uri, store_normalised
from workbench.store.images import Collection, Image, ImportRejection, ImportRun

MAX_FILE_BYTES: Final = 200_000_000
MAX_COLLECTION_NAME: Final = 80
MAX_TITLE: Final = 200

_REPORTED: Final = 1000
_BATCH_IMAGES: Final = 64
_BATCH_SECONDS: Final = 2.0
_LOOKUP: Final = 128
# Writing waits for the disk, so more files are under way than are decoded at once: decoding takes
# a core, and up to about 8 bytes for each of `max_pixels`.
_WORKERS: Final = 4
_DECODERS: Final = 2
_WINDOW: Final = 16


@dataclass(frozen=True)
class ImportReport:
    """What one import did, and what the collection then holds.

    `seen` is the sum of `imported`, `already`, `duplicates` and `rejected`.
    """

    collection: str
    seen: int
    imported: int
    already: int
    """Imported by an earlier run: same place, size and time of change."""
    duplicates: int
    """Same content as another image of the collection; not stored twice."""
    rejected: int
    rejections: tuple[tuple[str, str], ...]
    """Name and reason of the first 1000; all of them are in the database."""
    notes: tuple[tuple[str, str], ...]
    """Name and note of images imported with something left out; the first 1000."""
    real: int
    fake: int
    held_out: int
    """These three count the whole collection."""
    file_facts: Mapping[str, Any]
    """See services.file_facts; `auc` near 1 says that a model may cheat."""
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """As one object for JSON."""
        named = {
            kind: [{"name": name, kind.removesuffix("s"): text} for name, text in pairs]
            for kind, pairs in (("reasons", self.rejections), ("notes", self.notes))
        }
        return asdict(self) | {"rejections": named["reasons"], "notes": named["notes"]}


@dataclass(frozen=True)
class _Ready:
    """An image whose normalised copy is on disk and whose row is still to be written."""

    source: Candidate
    content_hash: str
    note: str
    row: dict[str, Any]


@dataclass(frozen=True)
class _Rejected:
    uri: str
    name: str
    reason: str


@dataclass(frozen=True)
class _Already:
    """Imported by an earlier run; unread."""


_Outcome = _Ready | _Rejected | _Already


@dataclass(frozen=True)
class _Known:
    """What the database holds of an image already."""

    id: int
    uri: str
    name: str
    label: str


@dataclass
class _Tally:
    """Counts of what is committed."""

    counts: Counter[str] = field(default_factory=Counter)
    rejections: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)

    def add(self, other: _Tally) -> None:
        self.counts += other.counts
        self.rejections += other.rejections[: _REPORTED - len(self.rejections)]
        self.notes += other.notes[: _REPORTED - len(self.notes)]


def import_images(
    source: Path,
    *,
    collection: str,
    settings: Settings,
    progress: Progress,
    manifest: Path | None = None,
    title: str = "",
    description: str = "",
) -> ImportReport:
    """Import the images of a folder tree or of a CSV manifest into a collection.

    Streams: memory does not grow with the number of images. What is committed stays: run again
    after an interruption, it goes on where it was. One bad file is a rejection with its reason;
    a disk or database that fails ends the run, and is raised.

    Raises NotFoundError or InvalidError, with nothing changed, where the source cannot be read.
    """
    started = time.monotonic()
    _check_names(collection, title)
    images = open_source(source, manifest, settings.image_root)
    total = images.count()
    run = _Run(settings, *_start(collection, title, description, display(source)))
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
    return _report(collection, run, facts, time.monotonic() - started)


def _check_names(collection: str, title: str) -> None:
    if not collection.strip() or display(collection) != collection:
        raise InvalidError("a collection needs a name of visible characters")
    if len(collection) > MAX_COLLECTION_NAME:
        raise InvalidError(f"a collection's name has at most {MAX_COLLECTION_NAME} characters")
    if len(title) > MAX_TITLE:
        raise InvalidError(f"a title has at most {MAX_TITLE} characters")


def _start(name: str, title: str, description: str, source: str) -> tuple[int, int]:
    """The ids of the collection (made if new) and of a new import run."""
    with transaction() as current:
        collection = current.scalar(select(Collection).where(Collection.name == name))
        if collection is None:
            collection = Collection(name=name, title=name)
            current.add(collection)
        collection.title = title or collection.title
        collection.description = description or collection.description
        current.flush()
        # Its process is gone: it was killed before it could say so.
        current.execute(
            update(ImportRun)
            .where(ImportRun.collection_id == collection.id, ImportRun.state == "running")
            .values(state="interrupted", finished_at=now())
        )
        run = ImportRun(collection_id=collection.id, source=source)
        current.add(run)
        current.flush()
        return collection.id, run.id


class _Run:
    """One import under way."""

    def __init__(self, settings: Settings, collection_id: int, run_id: int) -> None:
        self.collection_id = collection_id
        self.tally = _Tally()
        self._image_root = settings.image_root
        self._reader = _Reader(settings)
        self._run_id = run_id
        self._waiting: list[_Outcome] = []
        self._committed_at = time.monotonic()
        self._split_is_given = False

    def take_all(self, images: ImageSource, total: int, progress: Progress) -> None:
        """Read, normalise and commit everything, a batch at a time."""
        for done, outcome in enumerate(self._outcomes(images), start=1):
            self._waiting.append(outcome)
            if self._is_due():
                self._commit()
            progress.advance(done, max(done, total), "import")
        self._commit()

    def conclude(self, progress: Progress) -> dict[str, Any]:
        """Settle the held-out split and measure the file facts, once all images are in."""
        progress.advance(0, 1, "file facts")
        if not self._split_is_given:
            with transaction() as current:
                represent_both_labels(current, self.collection_id)
        facts = measure_file_facts(session(), self.collection_id)
        with transaction() as current:
            current.get_one(Collection, self.collection_id).file_facts = facts
        progress.advance(1, 1, "file facts")
        return facts

    def end(self, state: str) -> None:
        """Commit what is ready and write down how the run ended."""
        self._commit()
        with transaction() as current:
            run = current.get_one(ImportRun, self._run_id)
            run.state, run.finished_at = state, now()

    def _is_due(self) -> bool:
        waited = time.monotonic() - self._committed_at
        return len(self._waiting) >= _BATCH_IMAGES or waited >= _BATCH_SECONDS

    def _outcomes(self, images: ImageSource) -> Iterator[_Outcome]:
        """What became of each entry, in the source's order; a few are decoded ahead."""
        pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="import")
        ahead: deque[Future[_Outcome]] = deque()
        try:
            for entry, known in self._with_earlier(images):
                if len(ahead) == _WINDOW:
                    yield ahead.popleft().result()
                ahead.append(self._begin(pool, entry, known))
            while ahead:
                yield ahead.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _with_earlier(self, images: ImageSource) -> Iterator[tuple[Entry, _Known | None]]:
        """Each entry with the image that an earlier run made of the same unchanged file."""
        entries = iter(images)
        while chunk := list(islice(entries, _LOOKUP)):
            keys = {
                entry.path: (self._uri(entry.path), *_size_and_time(entry.path))
                for entry in chunk
                if isinstance(entry, Candidate)
            }
            known = _imported_earlier(self.collection_id, keys.values())
            for entry in chunk:
                key = keys.get(entry.path) if entry.path else None
                yield entry, known.get(key) if key else None

    def _begin(
        self, pool: ThreadPoolExecutor, entry: Entry, known: _Known | None
    ) -> Future[_Outcome]:
        if isinstance(entry, Candidate):
            self._split_is_given |= entry.held_out is not None
            if known is None:
                return pool.submit(self._reader.read, entry, self._uri(entry.path))
        future: Future[_Outcome] = Future()
        future.set_result(self._unread(entry, known))
        return future

    def _unread(self, entry: Entry, known: _Known | None) -> _Outcome:
        if isinstance(entry, Refusal):
            uri = self._uri(entry.path) if entry.path else ""
            return _Rejected(uri, entry.shown, entry.reason)
        if known and known.label != entry.label:
            reason = f"imported earlier as {known.label}, now labelled {entry.label}"
            return _Rejected(known.uri, entry.shown, reason)
        return _Already()

    def _uri(self, path: Path) -> str:
        root = self._image_root
        # A refused entry may lie outside of the root; its place is shown all the same.
        return original_uri(path, root if root and path.is_relative_to(root) else None)

    def _commit(self) -> None:
        """Write what is waiting in one transaction; done again after an error, it counts once."""
        if self._waiting:
            with transaction() as current:
                batch = _Batch(current, self.collection_id, self._run_id)
                tally = batch.write(self._waiting)
                counts = self.tally.counts + tally.counts
                current.execute(
                    update(ImportRun)
                    .where(ImportRun.id == self._run_id)
                    .values(counts=dict(counts))
                )
            self.tally.add(tally)
            self._waiting.clear()
        self._committed_at = time.monotonic()


def _size_and_time(path: Path) -> tuple[int, int]:
    try:
        facts = path.stat()
    except OSError:
        return -1, -1  # said when it is read
    return facts.st_size, facts.st_mtime_ns


def _imported_earlier(
    collection_id: int, keys: Iterable[tuple[str, int, int]]
) -> dict[tuple[str, int, int], _Known]:
    rows = session().execute(
        select(
            Image.id,
            Image.original_uri,
            Image.file_size,
            Image.modified_ns,
            Image.name,
            Image.label,
        ).where(
            Image.collection_id == collection_id,
            Image.original_uri.in_([uri for uri, _, _ in keys]),
        )
    )
    return {
        (uri, size, modified): _Known(id_, uri, name, label)
        for id_, uri, size, modified, name, label in rows
    }


class _Reader:
    """Turns files into images that are ready for their rows; shared by the threads."""

    def __init__(self, settings: Settings) -> None:
        self._max_pixels = settings.max_pixels
        self._image_dir = settings.image_dir
        self._decoders = threading.BoundedSemaphore(_DECODERS)

    def read(self, source: Candidate, uri: str) -> _Outcome:
        """Hash, decode and normalise one file, and write its normalised copy."""
        try:
            with self._decoders:
                content, size, modified = _content(source.path)
                image = normalise(content, max_pixels=self._max_pixels)
                content_hash = hashlib.sha256(content).hexdigest()
        except UnusableImageError as error:
            return _Rejected(uri, source.shown, str(error))
        except OSError as error:
            return _Rejected(uri, source.shown, f"cannot be read: {error.strerror or error}")
        except Exception as error:  # noqa: BLE001 - one file, whatever it does, must not end the run
            return _Rejected(uri, source.shown, f"{type(error).__name__}: {error}")
        del content  # may be large, and writing may wait
        # A disk that cannot be written concerns every file: this ends the run.
        pixel_hash = store_normalised(self._image_dir, image.content)
        row = {
            "content_hash": content_hash,
            "pixel_hash": pixel_hash,
            "original_uri": uri,
            "name": display(source.path.name),
            "label": source.label,
            "generator": source.generator,
            # Files of other bytes may hold the very same pixels; those must not straddle either.
            "group_key": source.group or pixel_hash,
            "format": image.format,
            "width": image.width,
            "height": image.height,
            "file_size": size,
            "modified_ns": modified,
            "jpeg_quality": image.jpeg_quality,
        }
        return _Ready(source, content_hash, image.note, row)


def _content(path: Path) -> tuple[bytes, int, int]:
    """The file's bytes, size and time of change, all of the same opened file."""
    # Not blocking: a pipe that took the file's place would otherwise wait for a writer for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise UnusableImageError("not a regular file")
        if facts.st_size > MAX_FILE_BYTES:
            raise UnusableImageError(
                f"file too large: {facts.st_size:,} bytes (at most {MAX_FILE_BYTES:,})"
            )
        return file.read(MAX_FILE_BYTES), facts.st_size, facts.st_mtime_ns


class _Batch:
    """Outcomes written within one transaction."""

    def __init__(self, current: Session, collection_id: int, run_id: int) -> None:
        self._current = current
        self._collection_id = collection_id
        self._run_id = run_id
        self._tally = _Tally()
        self._images: list[dict[str, Any]] = []
        self._rejections: list[dict[str, Any]] = []

    def write(self, outcomes: list[_Outcome]) -> _Tally:
        """Write rows for the outcomes, and count them."""
        ready = [outcome for outcome in outcomes if isinstance(outcome, _Ready)]
        self._lock()
        self._by_content = self._images_by_content(ready)
        self._sides = self._sides_of_groups(ready)
        for outcome in outcomes:
            self._take(outcome)
        if self._images:
            self._current.execute(insert(Image), self._images)
        if self._rejections:
            self._current.execute(insert(ImportRejection), self._rejections)
        self._tally.counts["seen"] = len(outcomes)
        return self._tally

    def _lock(self) -> None:
        # Two imports into one collection take turns (SQLite's write lock already does this).
        self._current.execute(
            select(Collection.id).where(Collection.id == self._collection_id).with_for_update()
        )

    def _images_by_content(self, ready: list[_Ready]) -> dict[str, _Known]:
        rows = self._current.execute(
            select(Image.id, Image.original_uri, Image.name, Image.label, Image.content_hash).where(
                Image.collection_id == self._collection_id,
                Image.content_hash.in_([image.content_hash for image in ready]),
            )
        )
        return {hash_: _Known(id_, uri, name, label) for id_, uri, name, label, hash_ in rows}

    def _sides_of_groups(self, ready: list[_Ready]) -> dict[str, bool]:
        rows = self._current.execute(
            select(Image.group_key, Image.held_out)
            .where(
                Image.collection_id == self._collection_id,
                Image.group_key.in_({image.row["group_key"] for image in ready}),
            )
            .distinct()
        )
        return dict(rows.tuples().all())

    def _take(self, outcome: _Outcome) -> None:
        match outcome:
            case _Already():
                self._tally.counts["already"] += 1
            case _Rejected():
                self._reject(outcome)
            case _Ready():
                known = self._by_content.get(outcome.content_hash)
                if known is None:
                    self._add(outcome)
                else:
                    self._repeat(outcome, known)

    def _add(self, image: _Ready) -> None:
        group, wanted = image.row["group_key"], image.source.held_out
        held_out = self._sides.get(group, is_held_out(group) if wanted is None else wanted)
        if wanted not in (None, held_out):
            return self._reject_ready(image, _straddles(group, held_out=held_out))
        self._sides[group] = held_out
        self._by_content[image.content_hash] = _Known(
            0, image.row["original_uri"], image.row["name"], image.source.label
        )
        self._images.append(
            image.row | {"collection_id": self._collection_id, "held_out": held_out}
        )
        self._tally.counts["imported"] += 1
        if image.note:
            self._tally.notes.append((image.source.shown, image.note))
        return None

    def _repeat(self, image: _Ready, known: _Known) -> None:
        """Content that the collection has: never a second row."""
        if known.label != image.source.label:
            reason = f"same content as {known.name}, but that is labelled {known.label}"
            self._reject_ready(image, reason)
        elif known.uri != image.row["original_uri"]:
            self._tally.counts["duplicates"] += 1
        else:
            # The same file, touched: the next run shall know it without reading.
            self._tally.counts["already"] += 1
            self._current.execute(
                update(Image)
                .where(Image.id == known.id)
                .values(modified_ns=image.row["modified_ns"])
            )

    def _reject_ready(self, image: _Ready, reason: str) -> None:
        self._reject(_Rejected(image.row["original_uri"], image.source.shown, reason))

    def _reject(self, rejected: _Rejected) -> None:
        self._tally.counts["rejected"] += 1
        self._tally.rejections.append((rejected.name, rejected.reason))
        self._rejections.append(asdict(rejected) | {"run_id": self._run_id})


def _straddles(group: str, *, held_out: bool) -> str:
    side = "held out" if held_out else "trained on"
    return f"group {group} is {side}: the whole group must be on one side of the split"


def _report(collection: str, run: _Run, facts: dict[str, Any], seconds: float) -> ImportReport:
    counts, held = run.tally.counts, _holdings(run.collection_id)
    return ImportReport(
        collection=collection,
        seen=counts["seen"],
        imported=counts["imported"],
        already=counts["already"],
        duplicates=counts["duplicates"],
        rejected=counts["rejected"],
        rejections=tuple(run.tally.rejections),
        notes=tuple(run.tally.notes),
        real=held["real"],
        fake=held["fake"],
        held_out=held["held_out"],
        file_facts=facts,
        seconds=round(seconds, 3),
    )


def _holdings(collection_id: int) -> Counter[str]:
    rows = session().execute(
        select(Image.label, Image.held_out, func.count())
        .where(Image.collection_id == collection_id)
        .group_by(Image.label, Image.held_out)
    )
    held: Counter[str] = Counter()
    for label, held_out, count in rows:
        held[label] += count
        held["held_out"] += count if held_out else 0
    return held
