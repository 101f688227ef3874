"""Tables of what a version's dimensions and patterns show, and of words to suggest for them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workbench.store.database import Base, now
from workbench.store.people import User


class _Described:
    """Where evidence lies: magnitudes of contributions, in logits."""

    location: Mapped[str | None] = mapped_column(String(16))
    """One of `analysis.descriptions.LOCATIONS`; null where there is no evidence."""
    mean_map: Mapped[list[list[float]]] = mapped_column(JSON)
    """By row and column of patches, per image (dimension) or per pixel group (pattern)."""
    regions: Mapped[dict[str, float] | None] = mapped_column(JSON(none_as_null=True))
    """Share of the evidence in each region of a face; they sum to 1. Null where faces are few."""
    direction: Mapped[list[float] | None] = mapped_column(JSON(none_as_null=True), deferred=True)
    """Of what shows it most, in the joint space of pictures and texts; null without a text tower,
    and where nothing shows it."""
    suggested: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    """Words of the vocabulary that are nearest to the direction, best first."""


class DimensionDescription(_Described, Base):
    """What one dimension of a version shows."""

    __tablename__ = "dimension_description"

    version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"), primary_key=True)
    dimension: Mapped[int] = mapped_column(primary_key=True)
    strongest: Mapped[list[list[int]]] = mapped_column(JSON)
    """Image id, row and column of the patches with the most evidence, one an image."""
    in_groups: Mapped[float]
    """Sum of |c_k(g)| over all pixel groups of the version."""


class Vocabulary(Base):
    """Words that suggestions are taken from, as somebody saved them. The newest row counts."""

    __tablename__ = "vocabulary"
    __table_args__ = (UniqueConstraint("replaces"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    replaces: Mapped[int]
    """Id of the row before; 0 for the words that are built in."""
    words: Mapped[list[str]] = mapped_column(JSON)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)

    user: Mapped[User] = relationship()


class PatternDescription(_Described, Base):
    """What one pattern shows."""

    __tablename__ = "pattern_description"

    pattern_id: Mapped[int] = mapped_column(ForeignKey("pattern.id"), primary_key=True)
    by_dimension: Mapped[list[float]] = mapped_column(JSON)
    """Sum of |c_k(g)| over its pixel groups, by dimension."""
    evidence: Mapped[float]
    """Sum of |C(g)| over its pixel groups."""
