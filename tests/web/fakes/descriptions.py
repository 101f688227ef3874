"""What dimensions and patterns show, which tags they bear, and their part in errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.web.fakes.data import NOON
from tests.web.fakes.explore import FakeChosen
from tests.web.fakes.state import State
from workbench.services.errors import ConflictError
from workbench.services.explore.descriptions import DescribedImages, DimensionView, PatternView
from workbench.services.explore.dimension_errors import MeanContribution, PartInErrors
from workbench.services.explore.tag_shares import TagShare, TagShares
from workbench.services.review.vocabulary import VocabularyView

MAP = ((0.0, 0.2), (0.1, 0.0))
TAGS = TagShares((TagShare("glare <b>", 0.6, 0.8), TagShare("teeth", 0.15, 0.2)), 0.75)

VIEWS = (
    DimensionView(
        "upper middle",
        MAP,
        (("mouth", 0.62), ("cheeks", 0.2)),
        share=0.7,
        strongest=(2, 4),
        tags=TAGS,
    ),
    DimensionView("edges", MAP, share=0.3, strongest=(5,), new_in=2),
    DimensionView(),
)
READINGS = (replace(VIEWS[2], reads="texture of blocks 2 and 3"), VIEWS[2], VIEWS[2])
"""Of a version from before dimensions were described."""

SHOWN = {
    31: PatternView("lower left", MAP, (("hair", 0.9),), mix=((0, 0.8), (1, 0.2))),
    32: PatternView("all over", MAP, mix=((0, 1.0),)),
}


@dataclass
class Descriptions:
    book: State

    def dimension_views(self, version_id: int) -> tuple[DimensionView, ...]:
        if not self.book.described:
            return READINGS
        if not self.book.reads_text:
            return VIEWS
        return tuple(replace(each, suggested=self.book.vocabulary.words[:2]) for each in VIEWS)

    def described_images(self, version_id: int) -> DescribedImages | None:
        return DescribedImages(6, 5, 6) if self.book.described else None

    def pattern_views(self, pattern_ids: Sequence[int]) -> dict[int, PatternView]:
        return {each: SHOWN[each] for each in pattern_ids} if self.book.described else {}


class TagsOfEvidence:
    def tags_of_pattern(self, version_id: int, pattern_id: int) -> TagShares:
        return TAGS if pattern_id == 31 else TagShares()


class DimensionErrors:
    def parts_in_errors(
        self, chosen: FakeChosen, dimension: int, left: int | None, right: int | None
    ) -> tuple[PartInErrors, ...]:
        part = PartInErrors(
            false_positives=MeanContribution(2, 0.71),
            false_negatives=MeanContribution(1, -0.43),
            correct=MeanContribution(3, 0.02),
            errors_right_without=2,
            correct_wrong_without=1,
        )
        if not (left or right or chosen.selection.cell_id):
            return (part,)
        return (part, replace(part, false_negatives=MeanContribution(0, None)))


@dataclass
class Vocabularies:
    book: State

    def vocabulary(self) -> VocabularyView:
        return self.book.vocabulary

    def save_vocabulary(self, user_id: int, text: str, seen: int) -> VocabularyView:
        if seen != self.book.vocabulary.revision:
            raise ConflictError("Edit conflict: the vocabulary was changed by ben.")
        words = tuple(text.split("\n"))
        self.book.vocabulary = VocabularyView(seen + 1, words, "ada", NOON)
        return self.book.vocabulary


class Suggestions:
    def suggest_again(self) -> int:
        return 1
