"""Reading one file: its bytes, hash and normalised copy, or the reason why not."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, replace
from typing import Any, Final

from workbench.analysis.images.file_types import UnusableImageError
from workbench.analysis.images.normalise import normalise
from workbench.analysis.images.notes import ImportNote
from workbench.config import Settings
from workbench.services.imports.known import Known, kind_words
from workbench.services.imports.taken_down import fingerprint
from workbench.services.sources.dates import read_date
from workbench.services.sources.entries import Candidate, display
from workbench.services.sources.files import MAX_FILE_BYTES, read_file, too_large
from workbench.services.sources.labels import UNLABELLED
from workbench.store.image_files import is_whole, store_normalised

TAKEN_DOWN: Final = "was removed from the workbench; --allow-removed takes it again"

DECODERS: Final = 2
"""Files decoded at once: decoding takes a core, and up to about 8 bytes a pixel."""


@dataclass(frozen=True)
class Ready:
    """An image whose normalised copy is on disk and whose row is still to be written.

    written: whether its copy was new, missing or damaged.
    lost: whether an earlier run imported the file, and that copy is lost.
    """

    source: Candidate
    content_hash: str
    notes: tuple[ImportNote, ...]
    row: dict[str, Any]
    written: bool
    lost: bool = False

    @property
    def uri(self) -> str:
        """Where it was imported from."""
        return str(self.row["original_uri"])

    @property
    def kind(self) -> str:
        """Format and size."""
        return kind_words(self.row["format"], self.row["width"], self.row["height"])

    @property
    def content(self) -> str:
        """What tells its content from another, for people."""
        return f"{self.kind} ({self.content_hash[:12]})"


@dataclass(frozen=True)
class Rejected:
    """A file that is not imported, and why."""

    uri: str
    name: str
    reason: str


@dataclass(frozen=True)
class Already:
    """Imported by an earlier run; unread.

    crowded: whether other images were imported from the same place, whose files are gone.
    """

    source: Candidate
    known: Known
    crowded: bool = False


Outcome = Ready | Rejected | Already


class Reader:
    """Turns files into images that are ready for their rows; shared by the threads."""

    def __init__(self, settings: Settings, refused: frozenset[str] = frozenset()) -> None:
        """`refused` are fingerprints of pictures that were taken down."""
        self._refused = refused
        self._max_pixels = settings.max_pixels
        self._image_dir = settings.image_dir
        self._decoders = threading.BoundedSemaphore(DECODERS)

    def has(self, pixel_hash: str) -> bool:
        """Whether the normalised copy with this hash is there and undamaged."""
        return is_whole(self._image_dir, pixel_hash)

    def read(self, source: Candidate, uri: str, *, lost: bool = False) -> Outcome:
        """Hash, decode and normalise one file, and write its normalised copy."""
        try:
            with self._decoders:
                content, size, modified = _content(source)
                image = normalise(content, max_pixels=self._max_pixels)
                content_hash = hashlib.sha256(content).hexdigest()
        except UnusableImageError as error:
            return Rejected(uri, source.shown, str(error))
        except OSError as error:
            return Rejected(uri, source.shown, f"cannot be read: {error.strerror or error}")
        except Exception as error:  # noqa: BLE001 - one file, whatever it does, must not end the run
            return Rejected(uri, source.shown, f"{type(error).__name__}: {error}")
        del content  # may be large, and writing may wait
        if self._refused and self._is_refused(content_hash, image.content):
            return Rejected(uri, source.shown, TAKEN_DOWN)
        # A disk that cannot be written concerns every file: this ends the run.
        pixel_hash, written = store_normalised(self._image_dir, image.content)
        told = read_date(source.date)
        unread = (ImportNote.UNREAD_DATE,) if source.date and told is None else ()
        notes = (*image.notes, *unread)
        row = {
            "content_hash": content_hash,
            "pixel_hash": pixel_hash,
            "perceptual_hash": image.perceptual_hash,
            **vars(image.exposure),
            "original_uri": uri,
            "name": display(_name(source)),
            "label": None if source.label == UNLABELLED else source.label,
            "generator": source.generator,
            "class_name": source.class_name,
            # Files of other bytes may hold the very same pixels; those must not straddle either.
            "group_key": source.group or pixel_hash,
            "format": image.format,
            "width": image.width,
            "height": image.height,
            "file_size": size,
            "modified_ns": modified,
            "jpeg_quality": image.jpeg_quality,
            "import_notes": " ".join(notes),
            "date": told or next(filter(None, map(read_date, image.taken)), None),
        }
        return Ready(source, content_hash, notes, row, written, lost)

    def _is_refused(self, content_hash: str, normalised: bytes) -> bool:
        digests = content_hash, hashlib.sha256(normalised).hexdigest()
        return any(fingerprint(each) in self._refused for each in digests)


def light(image: Ready) -> Ready:
    """Without the content that came out of a file of many; its copy is written."""
    inside = image.source.inside
    kept = replace(image.source, inside=replace(inside, content=b"")) if inside else image.source
    return replace(image, source=kept)


def size_and_time(source: Candidate) -> tuple[int, int]:
    """The image's size in bytes and its file's time of change; -1 where it cannot be read."""
    try:
        facts = source.path.stat()
    except OSError:
        return -1, -1  # said when it is read
    return len(source.inside.content) if source.inside else facts.st_size, facts.st_mtime_ns


def _name(source: Candidate) -> str:
    if source.inside is None:
        return source.path.name
    return source.inside.name or f"{source.path.name}-{source.inside.row}"


def _content(source: Candidate) -> tuple[bytes, int, int]:
    """The image's bytes, their number and its file's time of change."""
    if source.inside is None:
        return read_file(source.path)
    content = source.inside.content
    if len(content) > MAX_FILE_BYTES:
        raise too_large(len(content))
    return content, *size_and_time(source)
