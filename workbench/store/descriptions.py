"""Tables of what a version's dimensions and patterns show, computed once by its run."""

from __future__ import annotations

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.store.database import Base


class _Described:
    """Where evidence lies: magnitudes of contributions, in logits."""

    location: Mapped[str | None] = mapped_column(String(16))
    """One of `analysis.descriptions.LOCATIONS`; null where there is no evidence."""
    mean_map: Mapped[list[list[float]]] = mapped_column(JSON)
    """By row and column of patches, per image (dimension) or per pixel group (pattern)."""
    regions: Mapped[dict[str, float] | None] = mapped_column(JSON)
    """Share of the evidence in each region of a face; they sum to 1. Null where faces are few."""


class DimensionDescription(_Described, Base):
    """What one dimension of a version shows."""

    __tablename__ = "dimension_description"

    version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"), primary_key=True)
    dimension: Mapped[int] = mapped_column(primary_key=True)
    strongest: Mapped[list[list[int]]] = mapped_column(JSON)
    """Image id, row and column of the patches with the most evidence, one an image."""
    in_groups: Mapped[float]
    """Sum of |c_k(g)| over all pixel groups of the version."""


class PatternDescription(_Described, Base):
    """What one pattern shows."""

    __tablename__ = "pattern_description"

    pattern_id: Mapped[int] = mapped_column(ForeignKey("pattern.id"), primary_key=True)
    by_dimension: Mapped[list[float]] = mapped_column(JSON)
    """Sum of |c_k(g)| over its pixel groups, by dimension."""
    evidence: Mapped[float]
    """Sum of |C(g)| over its pixel groups."""
