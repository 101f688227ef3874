"""Tables of a version's results: embeddings, predictions, cells, patterns, pixel groups."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workbench.store.artifacts import Artifact, FileFacts
from workbench.store.database import NEVER_AGAIN, Base, now
from workbench.store.images import Image
from workbench.store.regions import Region


class EmbeddingShard(Base):
    """An artifact with the embeddings of one encoded batch: `embedding` (image, feature)."""

    __tablename__ = "embedding_shard"

    id: Mapped[int] = mapped_column(primary_key=True)
    encoder_fingerprint: Mapped[str] = mapped_column(String(64), index=True)
    artifact_id: Mapped[int] = mapped_column(ForeignKey("artifact.id"), index=True)

    artifact: Mapped[Artifact] = relationship()


class Embedding(Base):
    """Shard and row of an image's embedding. Keyed by content and encoder: it outlives versions."""

    __tablename__ = "embedding"

    pixel_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    encoder_fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    shard_id: Mapped[int] = mapped_column(ForeignKey("embedding_shard.id"), index=True)
    row: Mapped[int]


class CachedPart(Base):
    """A cache file with a part of the encoder's output for a shard's images.

    The file may be deleted at any time: readers check it against the row, and make it again.
    """

    __tablename__ = "cached_part"
    __table_args__ = (UniqueConstraint("shard_id", "part"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    shard_id: Mapped[int] = mapped_column(ForeignKey("embedding_shard.id"))
    part: Mapped[str] = mapped_column(String(40))
    """A part of the encoder's penultimate state, or superpixels."""
    path: Mapped[str] = mapped_column(String(200))
    """Relative to the directory of cached parts."""
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    """In bytes; the sum over all rows is bounded by `cache_gigabytes`."""
    used_at: Mapped[datetime] = mapped_column(default=now, index=True)

    @property
    def facts(self) -> FileFacts:
        return FileFacts(self.part, self.path, self.sha256, self.size)


class ResultShard(Base):
    """An artifact with one batch's results under one version.

    `token_maps` (image, K, patch), the attributions in units of z_k; `activations` (image, K), z.
    """

    __tablename__ = "result_shard"

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"), index=True)
    artifact_id: Mapped[int] = mapped_column(ForeignKey("artifact.id"), index=True)

    artifact: Mapped[Artifact] = relationship()


class Prediction(Base):
    """One image's score under one version, and its row in the shard."""

    __tablename__ = "prediction"

    version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"), primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"), primary_key=True, index=True)
    logit: Mapped[float]
    p: Mapped[float]
    """p(fake), in [0, 1]."""
    label: Mapped[str | None] = mapped_column(String(4))
    """The final label when this version was trained: the dataset's, or the verdicts'; null where
    there was none."""
    outcome: Mapped[str] = mapped_column(String(24))
    removed_change: Mapped[float | None]
    """Change of the logit by removing the strongest pixel groups; null where not measured."""
    control_change: Mapped[float | None]
    """Change of the logit by removing regions like them elsewhere in the image: the control."""
    fold: Mapped[int | None]
    """Everything of the image comes from the head of this fold, which is not trained on it; null
    for the final head: held-out and new images, and all of a version before cross-fitting."""
    shard_id: Mapped[int] = mapped_column(ForeignKey("result_shard.id"), index=True)
    row: Mapped[int]

    image: Mapped[Image] = relationship()
    shard: Mapped[ResultShard] = relationship()

    @property
    def sensitivity(self) -> float | None:
        """Change by removal minus that of the control, in logits; None where not measured.

        + toward fake: removing what pushes toward fake gives a negative one. Where removal does
        what any edit does, the expectation is 0; that of a magnitude would be the noise.
        """
        if self.removed_change is None or self.control_change is None:
            return None
        return self.removed_change - self.control_change


class Placement(Base):
    """Where an image lies in one of a version's layouts."""

    __tablename__ = "placement"

    version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"), primary_key=True)
    layout: Mapped[str] = mapped_column(String(16), primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"), primary_key=True, index=True)
    x: Mapped[float]
    y: Mapped[float]
    """Coordinates in [0, 1)."""


class Cell(Base):
    """A square of one level of the quad-tree over a layout, with its images' statistics.

    real_right, real_called_fake, fake_right, fake_called_real: true negatives, false positives,
        true positives, false negatives.
    unlabelled_called_real, unlabelled_called_fake: images without a label, which are neither.
    """

    __tablename__ = "cell"
    __table_args__ = (
        UniqueConstraint("version_id", "layout", "level", "row", "column"),
        Index("ix_cell_version_id_layout_level", "version_id", "layout", "level"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"))
    layout: Mapped[str] = mapped_column(String(16))
    level: Mapped[int]
    row: Mapped[int]
    column: Mapped[int]
    real_right: Mapped[int]
    real_called_fake: Mapped[int]
    fake_right: Mapped[int]
    fake_called_real: Mapped[int]
    unlabelled_called_real: Mapped[int] = mapped_column(default=0, server_default="0")
    unlabelled_called_fake: Mapped[int] = mapped_column(default=0, server_default="0")
    mean_p: Mapped[float]
    sensitivity: Mapped[float | None]
    """Mean sensitivity of its measured images, in logits, + toward fake; null without any."""
    measured: Mapped[int]
    """Number of images with a measured sensitivity."""
    mean_activation: Mapped[list[float]] = mapped_column(JSON)
    exemplar_id: Mapped[int] = mapped_column(ForeignKey("image.id"), index=True)


class Pattern(Base):
    """A cluster of pixel groups of many images with similar evidence."""

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
    profile: Mapped[list[float]] = mapped_column(JSON)
    """Mean contribution by dimension, in logits."""
    effect: Mapped[float | None]
    """Mean change of the logit by removing its groups, less that of the controls."""
    effect_low: Mapped[float | None]
    effect_high: Mapped[float | None]
    """95% confidence interval of the effect; null for a single image."""
    effect_control: Mapped[float | None]
    """Mean change by removing regions like its groups elsewhere in the same images."""
    effect_images: Mapped[int | None]
    """Number of images that the effect was measured on."""
    stability: Mapped[float | None]
    """Mean over resamples of the images of the best Jaccard similarity, in [0, 1]."""


class PixelGroup(Base):
    """A connected region of one image, with its contribution under one version."""

    __tablename__ = "pixel_group"
    __table_args__ = (
        UniqueConstraint("version_id", "image_id", "number"),
        Index("ix_pixel_group_pattern_id", "pattern_id", "typicality"),
        Index("ix_pixel_group_image_id", "image_id"),
        NEVER_AGAIN,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"))
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"))
    number: Mapped[int]
    """0 is the group with the largest |contribution| of its image."""
    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"), index=True)
    contribution: Mapped[float]
    """C(g) in logits; + toward fake."""
    by_dimension: Mapped[list[float]] = mapped_column(JSON)
    """c_k(g) in logits, one per distilled dimension."""
    pattern_id: Mapped[int | None] = mapped_column(ForeignKey("pattern.id"))
    typicality: Mapped[float | None]
    """Distance of its direction to its pattern's medoid, in [0, 2]; 0 for the medoid."""

    image: Mapped[Image] = relationship()
    region: Mapped[Region] = relationship(lazy="joined", innerjoin=True)
    pattern: Mapped[Pattern | None] = relationship()
