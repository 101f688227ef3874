"""What one model version says of one collection. Inserted as a whole, made active at the end."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workbench.store.artifacts import Artifact, FileFacts
from workbench.store.database import Base, now
from workbench.store.images import Image


class EmbeddingShard(Base):
    """Embeddings of images that were encoded together: `embedding` (image, feature)."""

    __tablename__ = "embedding_shard"

    id: Mapped[int] = mapped_column(primary_key=True)
    encoder_fingerprint: Mapped[str] = mapped_column(String(64), index=True)
    artifact_id: Mapped[int] = mapped_column(ForeignKey("artifact.id"))

    artifact: Mapped[Artifact] = relationship()


class Embedding(Base):
    """Where one image's embedding lies. Keyed by content and encoder: it survives retrains."""

    __tablename__ = "embedding"

    pixel_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    encoder_fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    shard_id: Mapped[int] = mapped_column(ForeignKey("embedding_shard.id"), index=True)
    row: Mapped[int]


class CachedPart(Base):
    """What else is needed of a shard's images, in a cache file that may go at any time.

    A row says what the file should hold; whoever reads it checks, and makes it again.
    """

    __tablename__ = "cached_part"
    __table_args__ = (UniqueConstraint("shard_id", "part"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    shard_id: Mapped[int] = mapped_column(ForeignKey("embedding_shard.id"))
    part: Mapped[str] = mapped_column(String(40))
    """A part of the encoder's penultimate state, or superpixels."""
    path: Mapped[str] = mapped_column(String(200))
    """Relative to the folder of cached parts."""
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    """In bytes; the sum over all rows is what the cache's bound bounds."""
    used_at: Mapped[datetime] = mapped_column(default=now, index=True)

    @property
    def facts(self) -> FileFacts:
        return FileFacts(self.part, self.path, self.sha256, self.size)


class ResultShard(Base):
    """Token maps and activations of one batch under one version: `token_maps`, `activations`."""

    __tablename__ = "result_shard"

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"), index=True)
    artifact_id: Mapped[int] = mapped_column(ForeignKey("artifact.id"))

    artifact: Mapped[Artifact] = relationship()


class Prediction(Base):
    """One image's score under one version, its layout coordinates, and where its maps lie."""

    __tablename__ = "prediction"

    version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"), primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"), primary_key=True, index=True)
    logit: Mapped[float]
    p: Mapped[float]
    """p(fake), in [0, 1]."""
    label: Mapped[str] = mapped_column(String(4))
    """The final label when this version was made: the dataset's, or as verdicts overturned it."""
    outcome: Mapped[str] = mapped_column(String(16))
    removed_change: Mapped[float | None]
    """Measured change of the logit when the strongest pixel groups are removed; unset where it was
    not measured."""
    control_change: Mapped[float | None]
    """The same of regions like them elsewhere in the image."""
    x: Mapped[float | None]
    y: Mapped[float | None]
    """Coordinates in the layout, in [0, 1); unset until the layout of the version is made."""
    shard_id: Mapped[int] = mapped_column(ForeignKey("result_shard.id"), index=True)
    row: Mapped[int]

    image: Mapped[Image] = relationship()
    shard: Mapped[ResultShard] = relationship()

    @property
    def sensitivity(self) -> float | None:
        """How far the logit moves beyond what the control moves it; None where not measured."""
        if self.removed_change is None or self.control_change is None:
            return None
        return abs(self.removed_change - self.control_change)


class Cell(Base):
    """Images that lie together in the layout: one square of one level of the quad-tree."""

    __tablename__ = "cell"
    __table_args__ = (
        UniqueConstraint("version_id", "level", "row", "column"),
        Index("ix_cell_version_id_level", "version_id", "level"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"))
    level: Mapped[int]
    row: Mapped[int]
    column: Mapped[int]
    real_right: Mapped[int]
    real_called_fake: Mapped[int]
    fake_right: Mapped[int]
    fake_called_real: Mapped[int]
    mean_p: Mapped[float]
    sensitivity: Mapped[float | None]
    """Mean sensitivity of its measured images, in logits; unset where none was measured."""
    measured: Mapped[int]
    """How many of its images were measured."""
    mean_activation: Mapped[list[float]] = mapped_column(JSON)
    exemplar_id: Mapped[int] = mapped_column(ForeignKey("image.id"))


class Pattern(Base):
    """Pixel groups of many images that look alike and act alike."""

    __tablename__ = "pattern"
    __table_args__ = (UniqueConstraint("version_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"))
    number: Mapped[int]
    side: Mapped[str] = mapped_column(String(4))
    """`fake` where its groups push toward fake, `real` where toward real."""
    groups: Mapped[int]
    images: Mapped[int]
    mean_contribution: Mapped[float]
    spread_contribution: Mapped[float]
    """Standard deviation of its groups' contributions, in logits."""
    prevalence_real: Mapped[float]
    prevalence_fake: Mapped[float]
    lift: Mapped[float]
    """Share of misclassified images that have it, over the share of all images that have it."""
    lift_low: Mapped[float]
    lift_high: Mapped[float]
    profile: Mapped[list[float]] = mapped_column(JSON)
    """Mean contribution by dimension, in logits."""
    effect: Mapped[float | None]
    """Measured: mean change of the logit when its groups are removed, beyond the control's."""
    effect_low: Mapped[float | None]
    effect_high: Mapped[float | None]
    """95% interval of the effect; unset where one image is all there is."""
    effect_control: Mapped[float | None]
    """Mean change when regions like its groups are removed elsewhere in the same images."""
    effect_images: Mapped[int | None]
    """How many images the effect was measured on."""
    stability: Mapped[float | None]
    """How well the pattern is found again in resamples of the images: mean best Jaccard, [0, 1]."""


class PixelGroup(Base):
    """A connected region of one image, with its contribution under one version."""

    __tablename__ = "pixel_group"
    __table_args__ = (
        UniqueConstraint("version_id", "image_id", "number"),
        Index("ix_pixel_group_pattern_id", "pattern_id", "typicality"),
        Index("ix_pixel_group_image_id", "image_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"))
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"))
    number: Mapped[int]
    """0 is the group with the largest |contribution| of its image."""
    rle: Mapped[str] = mapped_column(Text)
    """COCO run lengths over the normalised image, column by column."""
    left: Mapped[int]
    top: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    area: Mapped[int]
    """In pixels of the normalised image."""
    contribution: Mapped[float]
    """C(g) in logits; + toward fake."""
    by_dimension: Mapped[list[float]] = mapped_column(JSON)
    """c_k(g) in logits, one per distilled dimension."""
    pattern_id: Mapped[int | None] = mapped_column(ForeignKey("pattern.id"))
    typicality: Mapped[float | None]
    """Distance to its pattern's medoid; 0 is the medoid."""

    image: Mapped[Image] = relationship()
    pattern: Mapped[Pattern | None] = relationship()
