"""What the fake use cases share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from tests.web.fakes.data import AFTER, CARDS, FACES, NEW, RAW
from workbench.services.explore.cards import ImageCard
from workbench.services.hygiene.actions import ActionView
from workbench.services.hygiene.findings import Finding
from workbench.services.image.edits import Edit
from workbench.services.image.note_replays import OpenRequest
from workbench.services.intake.jobs import JobView
from workbench.services.models.figures import VersionFigures
from workbench.services.models.versions import VersionSummary
from workbench.services.queues.making import Plan
from workbench.services.regions.listed import DrawnView
from workbench.services.regions.shapes import Drawing
from workbench.services.review.expectations import Expected
from workbench.services.review.labels import AdjudicationView, StandingLabel, standing_verdicts
from workbench.services.review.note_replies import ReplyView
from workbench.services.review.notes import NoteView
from workbench.services.review.tags import TaggingView
from workbench.services.review.verdicts import VerdictView
from workbench.services.review.vocabulary import VocabularyView
from workbench.services.runs.queue import RunView
from workbench.services.tagged.suggestions import GroupSuggestion
from workbench.services.taxonomy.listing import TagRow
from workbench.services.workspaces import ListedCollection


@dataclass
class State:
    """State that the fake use cases share; tests read it to see what was written."""

    folder: Path
    verdicts: dict[int, list[VerdictView]] = field(default_factory=dict)
    imported: dict[int, str] = field(default_factory=dict)
    """What images were imported as whose label the versions know as another."""
    adjudications: dict[int, AdjudicationView] = field(default_factory=dict)
    blind: bool = True
    """Review queue 7 is blind."""
    able: int = 2
    sees: bool = True
    kept_out: set[int] = field(default_factory=set)
    """Images that their queue lets only others adjudicate."""
    """How many people can take part in it."""
    queue_state: str = "open"
    queue_plans: list[Plan] = field(default_factory=list)
    """Of queues that were made."""
    queue_acts: list[tuple[str, object]] = field(default_factory=list)
    """What was done to queue 7: kind, and with what."""
    label_sets_made: list[tuple[int, str, str]] = field(default_factory=list)
    """Person, name and description."""
    labels_imported: list[tuple[str, object]] = field(default_factory=list)
    """Of imports of labels: what was done, and with what."""
    exports_asked: list[tuple[int, str]] = field(default_factory=list)
    """Of label sets: the set, and the format or `cancel`."""
    left_out: set[int] = field(default_factory=set)
    """Images that are not in the versions' datasets."""
    notes: dict[int, tuple[int, NoteView]] = field(default_factory=dict)
    expectations: dict[int, tuple[int, int, int, Edit, Expected]] = field(default_factory=dict)
    """Person, version, image, edit, and what was expected."""
    replies: dict[int, tuple[int, ReplyView]] = field(default_factory=dict)
    replays: dict[tuple[int, int], str] = field(default_factory=dict)
    """By note and version, why it was refused, or empty."""
    replaying: OpenRequest | None = None
    replay_error: str = ""
    taggings: dict[int, tuple[str, int, TaggingView]] = field(default_factory=dict)
    suggested: dict[int, tuple[TaggingView, ...]] = field(default_factory=dict)
    drawn: dict[int, tuple[int, DrawnView]] = field(default_factory=dict)
    """Image and view of regions that were drawn."""
    drawings: list[Drawing] = field(default_factory=list)
    """What was sent to be drawn."""
    suggested_groups: list[GroupSuggestion] = field(default_factory=list)
    dismissed: dict[int, tuple[str, int, int]] = field(default_factory=dict)
    """What was dismissed: for a pattern or pixel group, its id, and the tag's."""
    checks: dict[int, tuple[int, int, bool]] = field(default_factory=dict)
    """Tagging, pixel group, whether it fits."""
    tags: list[TagRow] = field(default_factory=list)
    tag_changes: list[tuple[str, int, object]] = field(default_factory=list)
    """What was done to tags: kind, the tag or change, the other tag or part."""
    revision: int = 1
    """Of every tag."""
    tags_moved: bool = False
    """Something was tagged since the last preview."""
    counted: list[int] = field(default_factory=list)
    """The versions that the taxonomy was last counted in."""
    removed: list[tuple[int | None, str]] = field(default_factory=list)
    """By whom, and what."""
    runs: list[RunView] = field(default_factory=list)
    collections: list[ListedCollection] = field(default_factory=lambda: [FACES, RAW])
    sessions: dict[str, int] = field(default_factory=dict)
    """Whose session a token is of."""
    passwords: dict[int, str] = field(default_factory=dict)
    """Those that were changed."""
    worker_alive: bool = True
    encoder_missing: bool = False
    reads_text: bool = False
    vocabulary: VocabularyView = field(
        default_factory=lambda: VocabularyView(0, ("eye", "brick <b>"))
    )
    described: bool = True
    """Versions have descriptions of their dimensions and patterns."""
    index_missing: bool = False
    pictures_missing: bool = False
    originals_missing: set[int] = field(default_factory=set)
    original_size: tuple[int, int] = (1024, 768)
    activated: list[tuple[int, int]] = field(default_factory=list)
    figures: VersionFigures = AFTER
    """Of the newest version."""
    metrics: dict[str, Any] = field(default_factory=dict)
    """Likewise."""
    parent_number: int | None = 1
    """Likewise."""
    distiller: str = ""
    """Likewise."""
    checked: int = 0
    """How often a collection was checked."""
    checked_by: int = 2
    """The version whose scores the newest check used."""
    findings: list[Finding] = field(default_factory=list)
    """What a check finds beside duplicates."""
    data_actions: list[ActionView] = field(default_factory=list)
    imports: dict[int, JobView] = field(default_factory=dict)
    """Imports from the browser, by id."""
    received: list[tuple[str, bytes]] = field(default_factory=list)
    """The files of the last upload."""
    import_root: bool = True
    broken: bool = False
    """Every use case fails, as when the database is away."""
    ids: Any = field(default_factory=lambda: count(500))

    @property
    def untouched(self) -> bool:
        """Nothing was written."""
        written = (
            self.verdicts,
            self.adjudications,
            self.queue_plans,
            self.queue_acts,
            self.label_sets_made,
            self.exports_asked,
            self.labels_imported,
            self.notes,
            self.expectations,
            self.replies,
            self.replays,
            self.taggings,
            self.tags,
            self.dismissed,
            self.drawn,
            self.tag_changes,
            self.checks,
        )
        asked = [each for each in self.runs if each.state == "queued" or each.cancel_requested]
        return not any(written) and not asked and not self.vocabulary.revision

    def drawn_on(self, image_id: int) -> tuple[DrawnView, ...]:
        """What was drawn on an image."""
        return tuple(view for owner, view in self.drawn.values() if owner == image_id)

    @property
    def newest(self) -> VersionSummary:
        """The newest version, which is the active one."""
        return replace(NEW, figures=self.figures, distiller=self.distiller)

    def standing(self, image_id: int) -> VerdictView | None:
        """The newest verdict on an image that was not taken back."""
        given = [each for each in self.verdicts.get(image_id, []) if not each.withdrawn]
        return given[-1] if given else None

    def label(self, image_id: int) -> StandingLabel:
        """The label that stands for an image."""
        imported = self.imported.get(image_id, CARDS[image_id].label)
        given = standing_verdicts(self.verdicts.get(image_id, [])[::-1])
        return StandingLabel(imported, given, self.adjudications.get(image_id))

    def card(self, image_id: int) -> ImageCard:
        """An image's card with its final decision."""
        return replace(CARDS[image_id], decision=self.label(image_id).decision)

    def waiting(self) -> list[int]:
        """Misclassified images without a verdict, the most wrong first."""
        wrong = [each for each in CARDS.values() if each.wrong and not self.standing(each.id)]
        return [each.id for each in sorted(wrong, key=lambda each: -abs(each.p - 0.5))]
