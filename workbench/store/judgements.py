"""Tables of tags, verdicts, adjudications and notes.

People withdraw rows; only a removal of what they are about deletes them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    false,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workbench.store.database import Base, now
from workbench.store.folding import folded_from
from workbench.store.images import LABELS, Image
from workbench.store.people import User
from workbench.store.regions import Region
from workbench.store.results import Pattern

DECISIONS = (*LABELS, "unsure", "exclude")
"""What somebody says of an image: what it is, that it cannot be told, or to leave it out.

Never against what a page showed: a label that is corrected later leaves what was said as it is.
"""

TAG_STATES = ("proposed", "active", "deprecated")
"""Of a tag: see `Tag.state`."""


def _decided() -> CheckConstraint:
    return CheckConstraint("decision in ('real', 'fake', 'unsure', 'exclude')", name="decision")


def _one_standing(name: str, *columns: str) -> Index:
    """A unique index over the rows that are not withdrawn."""
    standing = text("withdrawn_at is null")
    return Index(name, *columns, unique=True, sqlite_where=standing, postgresql_where=standing)


class Tag(Base):
    """A name in the taxonomy. A withdrawn one is out of it, and its name free again.

    Rows are never deleted, and ids never given out again.
    """

    __tablename__ = "tag"
    __table_args__ = (
        _one_standing("uq_tag_standing_folded_name", "folded_name"),
        _one_standing("uq_tag_standing_hotkey", "hotkey"),
        CheckConstraint("state in ('proposed', 'active', 'deprecated')", name="state"),
        CheckConstraint("hue between 0 and 5", name="hue"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    folded_name: Mapped[str] = mapped_column(String(80), default=folded_from("name"))
    """The name folded, so that "Fake smile" and "fake smile" are one tag."""
    description: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(200), default="", server_default="")
    """Where it was published first, such as `X-AIGD, arXiv 2601.19430`."""
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("tag.id"), index=True)
    """The tag that it is a kind of."""
    hue: Mapped[int | None]
    """One of the six hues of chips; by its name where null."""
    hotkey: Mapped[str | None] = mapped_column(String(1))
    """The key that puts it on."""
    state: Mapped[str] = mapped_column(String(10), default="active", server_default="active")
    """`proposed` by somebody who typed a new name, `active`, or `deprecated`: it stays where it is,
    and is put on nothing any more."""
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("tag.id"), index=True)
    """The tag to use instead: of a deprecated one, and of a withdrawn one that was merged."""
    revision: Mapped[int] = mapped_column(default=1, server_default="1")
    """How often it was changed, so that nobody saves over a change that they have not seen."""
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[datetime | None]

    created_by: Mapped[User] = relationship()
    parent: Mapped[Tag | None] = relationship(foreign_keys=[parent_id], remote_side=[id])
    replaced_by: Mapped[Tag | None] = relationship(foreign_keys=[replaced_by_id], remote_side=[id])


SEVERITIES = ("minor", "moderate", "severe")
"""How much a finding disturbs."""


class Tagging(Base):
    """A tag that a person put on a region, on a pattern, or on several regions.

    Several are listed in `TaggedRegion`; so are those of a pattern that was removed. With a reason
    or a severity it is a finding.
    """

    __tablename__ = "tagging"
    __table_args__ = (
        CheckConstraint("pattern_id is null or region_id is null", name="one_subject"),
        CheckConstraint("severity in ('minor', 'moderate', 'severe')", name="severity"),
        Index("ix_tagging_pattern_id", "pattern_id"),
        Index("ix_tagging_region_id", "region_id"),
        Index("ix_tagging_tag_id", "tag_id"),
        # Of one tag on one thing at most one stands, whoever puts it on at the same moment.
        _one_standing("uq_tagging_standing_pattern", "tag_id", "pattern_id"),
        _one_standing("uq_tagging_standing_region", "tag_id", "region_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id"))
    pattern_id: Mapped[int | None] = mapped_column(ForeignKey("pattern.id"))
    region_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    severity: Mapped[str | None] = mapped_column(String(8))
    revision: Mapped[int] = mapped_column(default=1, server_default="1")
    """How often its reason and severity were written, so that a stale page does not revert them."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[datetime | None]

    tag: Mapped[Tag] = relationship()
    user: Mapped[User] = relationship()
    pattern: Mapped[Pattern | None] = relationship()
    region: Mapped[Region | None] = relationship()


class TaggedRegion(Base):
    """One of several regions that a tag was put on at once."""

    __tablename__ = "tagged_region"

    tagging_id: Mapped[int] = mapped_column(ForeignKey("tagging.id"), primary_key=True)
    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"), primary_key=True, index=True)


class TagCheck(Base):
    """One person's answer whether a tag that was put on many regions fits one of them.

    The newest answer on a region that is not withdrawn counts.
    """

    __tablename__ = "tag_check"
    __table_args__ = (Index("ix_tag_check_tagging_id", "tagging_id", "region_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tagging_id: Mapped[int] = mapped_column(ForeignKey("tagging.id"))
    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    fits: Mapped[bool]
    sampled: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Whether the region was drawn at random: those that people pick would bias the error rate."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class DismissedSuggestion(Base):
    """A tag that is not to be suggested for a pattern, or on a region, any more."""

    __tablename__ = "dismissed_suggestion"
    __table_args__ = (
        CheckConstraint("(pattern_id is null) <> (region_id is null)", name="one_subject"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id"), index=True)
    pattern_id: Mapped[int | None] = mapped_column(ForeignKey("pattern.id"), index=True)
    region_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[datetime | None]


class Verdict(Base):
    """One person's decision on one image. The newest that is not withdrawn counts."""

    __tablename__ = "verdict"
    __table_args__ = (
        _decided(),
        CheckConstraint("shown_label in ('real', 'fake')", name="shown_label"),
        Index("ix_verdict_image_id_id", "image_id", "id"),
        Index("ix_verdict_user_id_id", "user_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"))
    version_id: Mapped[int | None] = mapped_column(ForeignKey("model_version.id"), index=True)
    """The version whose score was shown; null once it was removed, too."""
    shown_label: Mapped[str | None] = mapped_column(String(4))
    """The label that stood when the person judged the image, as their page showed it; null where
    it had none."""
    shown_p: Mapped[float | None]
    """The p(fake) that was shown; None where none was."""
    blind: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether label, score and other people's verdicts were hidden from the person."""
    wrong_reason: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the person says that the model is right for the wrong reason."""
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    decision: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(Text, default="")
    folded_reason: Mapped[str] = mapped_column(
        Text, default=folded_from("reason"), server_default=""
    )
    """The reason as it is searched."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[datetime | None]

    image: Mapped[Image] = relationship()
    user: Mapped[User] = relationship()


class Adjudication(Base):
    """The final verdict on an image where people disagree; the newest that stands counts."""

    __tablename__ = "adjudication"
    __table_args__ = (_decided(),)

    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    decision: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(Text, default="")
    own_opinion: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the adjudicator had given one of the verdicts that it decides between."""
    by_majority: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it is that of most of a review queue's verdicts, the last of which the user gave."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class DecisionCounter(Base):
    """How often something was decided, or withdrawn, in a collection.

    Whoever counts locks the row until the commit, so that changes are seen in their order.
    """

    __tablename__ = "decision_counter"

    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"), primary_key=True)
    changes: Mapped[int]


class DecisionChange(Base):
    """Which change of its collection's decisions was the last on an image.

    Not what was decided: that is read from verdicts and adjudications.
    """

    __tablename__ = "decision_change"
    __table_args__ = (Index("ix_decision_change_collection_id_number", "collection_id", "number"),)

    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"), primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"))
    number: Mapped[int]
    """The `DecisionCounter` of that change."""


class CounterfactualNote(Base):
    """A counterfactual saved with a person's comment and expectation."""

    __tablename__ = "counterfactual_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"), index=True)
    version_id: Mapped[int | None] = mapped_column(ForeignKey("model_version.id"), index=True)
    """The version that it was tried on; null once that was removed."""
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    edit: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The edit, self-contained so that it can be replayed on any later version."""
    p_before: Mapped[float]
    p_after: Mapped[float]
    delta_logit: Mapped[float]
    control_mean: Mapped[float | None]
    """Mean change of the logit by the same edit of random regions of the same area."""
    control_spread: Mapped[float | None]
    """Standard deviation of those changes."""
    control_low: Mapped[float | None]
    """Their 95% prediction interval, like `control_high`; null where the controls are too few."""
    control_high: Mapped[float | None]
    expectation: Mapped[str] = mapped_column(String(8))
    """Expected change of p(fake), said before the result was shown: `fall`, `rise` or `stay`."""
    bound: Mapped[float | None]
    """What p(fake) was expected to fall below, or rise above."""
    expectation_id: Mapped[int | None] = mapped_column(ForeignKey("expectation.id"), unique=True)
    """The row that it was said in; null for notes from before there were such rows."""
    text: Mapped[str] = mapped_column(Text)
    folded_text: Mapped[str] = mapped_column(Text, default=folded_from("text"), server_default="")
    """The text as it is searched."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[datetime | None]

    image: Mapped[Image] = relationship()
    user: Mapped[User] = relationship()
