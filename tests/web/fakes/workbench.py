"""Use cases that keep everything in memory, and stand in for the real ones."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import pytest

from tests.web.fakes.agreement import AgreementReports
from tests.web.fakes.dashboard import Dashboards
from tests.web.fakes.descriptions import (
    Descriptions,
    DimensionErrors,
    Suggestions,
    TagsOfEvidence,
    Vocabularies,
)
from tests.web.fakes.explore import CellCards, Cells, Listing, Selecting, Taxonomy
from tests.web.fakes.hygiene import Actions, Checks, Remedies
from tests.web.fakes.image import Counterfactuals, Details, Media, Originals, PictureBatch
from tests.web.fakes.intake import JOBS, Folders, Jobs
from tests.web.fakes.label_imports import LabelImporting, LabelUndoing
from tests.web.fakes.label_sets import (
    Exporting,
    FreezingLabels,
    LabelSets,
    SetComparisons,
    WritingSets,
)
from tests.web.fakes.models import Images, Labels, Versions
from tests.web.fakes.notes import NoteList, NoteReplays, NoteReplies, Notes, NoteWriting
from tests.web.fakes.patterns import (
    Dimensions,
    PatternNames,
    PatternReports,
    Patterns,
    PatternWrongReasons,
)
from tests.web.fakes.queues import (
    QueueClaims,
    QueueJudging,
    QueueLeading,
    QueueMaking,
    QueueProgress,
    QueueRounds,
    QueueWalking,
)
from tests.web.fakes.regions import DrawnRegions, Findings, Superpixels
from tests.web.fakes.removal import CollectionRemovals, ImageRemovals, VersionRemovals
from tests.web.fakes.review import (
    Adjudicating,
    Disagreements,
    Histories,
    HistoryExports,
    Judging,
    TagChecks,
    Tags,
    TagsOfSelections,
    Undoing,
)
from tests.web.fakes.runs import Leases, Runs
from tests.web.fakes.similar import Neighbours
from tests.web.fakes.state import State
from tests.web.fakes.suggestions import Dismissals, TagSuggesting
from tests.web.fakes.tags import (
    Hotkeys,
    TagBearing,
    TagDetails,
    TagEdits,
    TagExamples,
    TagExchange,
    TagOperations,
    TagPreviews,
    TagReversals,
)
from tests.web.fakes.workspace import Accounts, Collections, Seeing, SignIns, Statuses, Tokens
from workbench.services import accounts, sign_in, status, visibility, workspaces
from workbench.services.agreement import report as agreement_report
from workbench.services.dashboard import report as dashboard_report
from workbench.services.explore import (
    cell_card,
    descriptions,
    dimension_errors,
    dimensions,
    filters,
    grid,
    listing,
    patterns,
    reports,
    tag_selection,
    tag_shares,
    tag_suggestions,
    wrong_reasons,
)
from workbench.services.hygiene import actions, check, remedy
from workbench.services.image import (
    batch,
    counterfactuals,
    detail,
    media,
    note_replays,
    note_writing,
    original,
    superpixels,
)
from workbench.services.intake import folders, jobs
from workbench.services.interchange import exports, importing, undoing, writing
from workbench.services.label_sets import comparing, freezing, reading
from workbench.services.models import label_changes, version_images, versions
from workbench.services.people import tokens
from workbench.services.queues import (
    claims,
    disagreements,
    judging,
    leading,
    making,
    progress,
    rounds,
    walking,
)
from workbench.services.regions import drawn
from workbench.services.removal import collections as collection_removal
from workbench.services.removal import images as image_removal
from workbench.services.removal import versions as version_removal
from workbench.services.review import (
    adjudications,
    dismissals,
    findings,
    history,
    history_export,
    note_list,
    note_replies,
    notes,
    tag_checks,
    tags,
    undo,
    verdicts,
    vocabulary,
)
from workbench.services.runs import lease, queue
from workbench.services.similar import search, suggestions
from workbench.services.tagged import pattern_tags
from workbench.services.taxonomy import (
    bearing,
    edits,
    examples,
    exchange,
    hotkeys,
    operations,
    previews,
    reversal,
)
from workbench.services.taxonomy import detail as detail_of_tags
from workbench.services.taxonomy import listing as taxonomy


def use_cases(fake: object) -> tuple[str, ...]:
    """The names of the functions that an object stands for."""
    return tuple(
        name
        for name in vars(type(fake))
        if not name.startswith("_") and callable(getattr(fake, name))
    )


@dataclass
class FakeWorkbench(State):
    """Fakes of every service that views call, over one state."""

    def __post_init__(self) -> None:
        self.imports |= JOBS

    def fakes(self) -> tuple[tuple[ModuleType, object], ...]:
        """Each service module that views call, with what stands for it."""
        return (
            (accounts, Accounts(self)),
            (agreement_report, AgreementReports()),
            (dashboard_report, Dashboards()),
            (sign_in, SignIns(self)),
            (visibility, Seeing()),
            (tokens, Tokens()),
            (batch, PictureBatch(self)),
            (actions, Actions(self)),
            (check, Checks(self)),
            (remedy, Remedies(self)),
            (cell_card, CellCards()),
            (workspaces, Collections(self)),
            (counterfactuals, Counterfactuals(self)),
            (descriptions, Descriptions(self)),
            (detail, Details(self)),
            (dimension_errors, DimensionErrors()),
            (dimensions, Dimensions()),
            (filters, Selecting(self)),
            (grid, Cells()),
            (listing, Listing(self)),
            (media, Media(self)),
            (original, Originals(self)),
            (superpixels, Superpixels()),
            (notes, Notes(self)),
            (note_writing, NoteWriting(self)),
            (note_replies, NoteReplies(self)),
            (note_list, NoteList(self)),
            (note_replays, NoteReplays(self)),
            (pattern_tags, PatternNames(self)),
            (patterns, Patterns(self)),
            (folders, Folders(self)),
            (jobs, Jobs(self)),
            (queue, Runs(self)),
            (comparing, SetComparisons()),
            (freezing, FreezingLabels(self)),
            (reading, LabelSets()),
            (exports, Exporting(self)),
            (importing, LabelImporting(self)),
            (undoing, LabelUndoing(self)),
            (writing, WritingSets()),
            (image_removal, ImageRemovals(self)),
            (version_removal, VersionRemovals(self)),
            (collection_removal, CollectionRemovals(self)),
            (lease, Leases(self)),
            (drawn, DrawnRegions(self)),
            (findings, Findings(self)),
            (reports, PatternReports(self)),
            (wrong_reasons, PatternWrongReasons(self)),
            (search, Neighbours(self)),
            (suggestions, Suggestions()),
            (tag_suggestions, TagSuggesting(self)),
            (dismissals, Dismissals(self)),
            (status, Statuses(self)),
            (adjudications, Adjudicating(self)),
            (disagreements, Disagreements(self)),
            (progress, QueueProgress(self)),
            (making, QueueMaking(self)),
            (leading, QueueLeading(self)),
            (claims, QueueClaims(self)),
            (judging, QueueJudging(self)),
            (walking, QueueWalking(self)),
            (rounds, QueueRounds(self)),
            (tag_checks, TagChecks(self)),
            (tag_shares, TagsOfEvidence()),
            (tags, Tags(self)),
            (tag_selection, TagsOfSelections(self)),
            (taxonomy, Taxonomy(self)),
            (hotkeys, Hotkeys(self)),
            (detail_of_tags, TagDetails(self)),
            (bearing, TagBearing(self)),
            (edits, TagEdits(self)),
            (examples, TagExamples(self)),
            (exchange, TagExchange(self)),
            (operations, TagOperations(self)),
            (previews, TagPreviews(self)),
            (reversal, TagReversals(self)),
            (verdicts, Judging(self)),
            (vocabulary, Vocabularies(self)),
            (history, Histories(self)),
            (history_export, HistoryExports(self)),
            (undo, Undoing(self)),
            (label_changes, Labels()),
            (version_images, Images()),
            (versions, Versions(self)),
        )

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let views call these use cases; a fake of a function that is not there fails."""
        for module, fake in self.fakes():
            for name in use_cases(fake):
                monkeypatch.setattr(module, name, getattr(fake, name))
