"""Tables of collections, their images and import runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workbench.store.database import NEVER_AGAIN, Base, now

LABELS = ("real", "fake")
"""An image without one is in no training set and in no figure until a verdict labels it."""


class ByLabel(Protocol):
    """Images counted by label."""

    @property
    def real(self) -> int: ...
    @property
    def fake(self) -> int: ...
    @property
    def unlabelled(self) -> int: ...


def label_code(label: str | None) -> int:
    """The index of a label in `LABELS`; that after the last for none."""
    return len(LABELS) if label is None else LABELS.index(label)


def label_of(code: int) -> str | None:
    """The label with this code, as `label_code` gives it."""
    return LABELS[code] if code < len(LABELS) else None


class Collection(Base):
    """A set of images imported together."""

    __tablename__ = "collection"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(200), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    """Description of the collection, shown on its page."""
    file_facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """How well facts of the original files alone predict the label (shortcuts)."""
    warnings: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, server_default="[]")
    """What the newest check warned about beside shortcuts, and what of it was acted on since."""
    restricted: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether its members alone see it, and admins; else everybody does."""
    made_alike: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What its images are made before they are normalised, `side` and `quality` of `Alike`, and the
    `number` of the action that asked for it; null where nothing."""
    real: Mapped[int] = mapped_column(default=0, server_default="0")
    fake: Mapped[int] = mapped_column(default=0, server_default="0")
    unlabelled: Mapped[int] = mapped_column(default=0, server_default="0")
    """Number of images by label; kept by the import, since counting a million takes long."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class Image(Base):
    """One image of a collection: a reference to the original, and its normalised copy by hash."""

    __tablename__ = "image"
    __table_args__ = (
        UniqueConstraint("collection_id", "content_hash"),
        CheckConstraint("label in ('real', 'fake')", name="label"),
        Index("ix_image_collection_id_original_uri", "collection_id", "original_uri"),
        Index("ix_image_collection_id_id", "collection_id", "id"),
        Index("ix_image_collection_id_group_key", "collection_id", "group_key"),
        NEVER_AGAIN,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"))
    content_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the original file."""
    pixel_hash: Mapped[str] = mapped_column(String(64), index=True)
    """SHA-256 of the normalised file: names it on disk and keys its embeddings."""
    made_alike: Mapped[str | None] = mapped_column(String(20))
    """What its copy was made like the others by (`Alike.written`); null where it was not."""
    plain_pixel_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    """That of the copy from before it was made like the others."""
    perceptual_hash: Mapped[int | None] = mapped_column(BigInteger)
    """Of the normalised image; near duplicates have nearly the same. Null for images imported
    before it was kept, until a check computes it."""
    brightness: Mapped[float | None]
    """As `darkest`, `brightest` and `sharpness` of the normalised image (`Exposure`), and null as
    the perceptual hash."""
    darkest: Mapped[float | None]
    brightest: Mapped[float | None]
    sharpness: Mapped[float | None]
    original_uri: Mapped[str] = mapped_column(Text)
    """Percent-encoded, so that any file name can be stored: an absolute `file:` URI, or a path
    relative to the image root where one is set."""
    name: Mapped[str] = mapped_column(Text)
    """The file's name for display; bytes that are not UTF-8 are replaced."""
    label: Mapped[str | None] = mapped_column(String(4))
    """As imported; null for an image that came without one."""
    generator: Mapped[str] = mapped_column(String(120), default="")
    class_name: Mapped[str] = mapped_column(String(120), default="", server_default="")
    """What the image shows, where its source says so: the folder or column of its class."""
    date: Mapped[str | None] = mapped_column(String(10))
    """When it was made, ISO 8601 as far as it is known (2012, 2012-05, 2012-05-04): by its source,
    else by the original's EXIF. Null where neither says it, and for images imported before it was
    kept."""
    import_notes: Mapped[str] = mapped_column(String(120), default="", server_default="")
    """What the import noted of the original: codes of `ImportNote`, with spaces between."""
    group_key: Mapped[str] = mapped_column(Text)
    """Images of one source share it, and stay on one side of the test split."""
    held_out: Mapped[bool]
    format: Mapped[str] = mapped_column(String(12))
    width: Mapped[int]
    height: Mapped[int]
    file_size: Mapped[int] = mapped_column(BigInteger)
    modified_ns: Mapped[int] = mapped_column(BigInteger)
    jpeg_quality: Mapped[int | None]
    imported_at: Mapped[datetime] = mapped_column(default=now)

    collection: Mapped[Collection] = relationship()

    @property
    def copies(self) -> set[str]:
        """Hashes of its normalised copies: that in use, and that from before it was made alike."""
        return {self.pixel_hash} | ({self.plain_pixel_hash} if self.plain_pixel_hash else set())


class ImportRun(Base):
    """One run of `import`, with its counts.

    States: running, succeeded, interrupted, failed. A killed run stays `running` until the
    collection's next import marks it interrupted.
    """

    __tablename__ = "import_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"), index=True)
    source: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12), default="running")
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    started_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]


class ImportRejection(Base):
    """A file that was not imported, with the reason."""

    __tablename__ = "import_rejection"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"), index=True)
    uri: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
