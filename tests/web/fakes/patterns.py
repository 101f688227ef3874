"""Patterns, dimensions, and what people have said of a pattern."""

from __future__ import annotations

from dataclasses import dataclass

from tests.web.fakes.data import CARDS, HAVING
from tests.web.fakes.explore import FakeChosen
from tests.web.fakes.state import State
from workbench.analysis.intervals import Estimate
from workbench.services.errors import (
    InvalidError,
    NotFoundError,
)
from workbench.services.explore.dimensions import Carrier, Carriers, Distribution, Violin
from workbench.services.explore.patterns import (
    MEMBERS_A_PAGE,
    GroupExemplar,
    PatternDetail,
    PatternErrors,
    PatternRow,
    PatternsSummary,
)
from workbench.services.explore.reports import Remark
from workbench.services.explore.wrong_reasons import ShownWrongReasons, WrongReasons


@dataclass
class Patterns:
    book: State

    def patterns(self, chosen: FakeChosen, order: str = "contribution") -> tuple[PatternRow, ...]:
        return tuple(
            self._row(each) for each, images in HAVING.items() if set(images) & set(chosen.area)
        )

    def summary(self, version_id: int) -> PatternsSummary:
        return PatternsSummary(stability=0.61, effect_rank_correlation=0.72)

    def pattern(
        self,
        version_id: int,
        pattern_id: int,
        after: str | None = None,
        limit: int = MEMBERS_A_PAGE,
    ) -> PatternDetail:
        if pattern_id not in (31, 32):
            raise NotFoundError("Pattern not found in this version.")
        member = GroupExemplar(200, 2, "real", 0.9, 0.5)
        return PatternDetail(
            row=self._row(pattern_id),
            members=(member,),
            members_after=None if after else "0.5~200",
            errors=(
                PatternErrors("real_called_fake", True, 40, (self.book.card(2),)),
                PatternErrors("fake_called_real", False, 1, (self.book.card(5),)),
            ),
        )

    def _row(self, pattern_id: int) -> PatternRow:
        tags = tuple(
            t
            for kind, owner, t in self.book.taggings.values()
            if (kind, owner) == ("pattern", pattern_id)
        )
        number = pattern_id - 30
        return PatternRow(
            id=pattern_id,
            number=number,
            label=tags[0].tag if tags else f"pattern {number}",
            side="fake",
            groups=40,
            images=30,
            mean_contribution=0.5,
            contribution_std=0.2,
            prevalence_real=Estimate(0.12, 0.09, 0.16),
            prevalence_fake=Estimate(0.47, 0.42, 0.52) if number == 2 else None,
            lift=Estimate(1.9, 1.3, 2.6) if number == 2 else None,
            unlifted="" if number == 2 else "no_errors",
            tags=tags,
            suggested=self.book.suggested.get(pattern_id, ()),
            exemplars=(GroupExemplar(200, 2, "real", 0.9, 0.5),),
            profile=(0.4, -0.1, 0.0),
            effect=None if number == 1 else -0.7,
            effect_low=None if number == 1 else -1.1,
            effect_high=None if number == 1 else -0.3,
            effect_control=None if number == 1 else 0.1,
            effect_images=None if number == 1 else 12,
            stability=None if number == 1 else 0.83,
        )


@dataclass
class PatternNames:
    book: State

    def pattern_name(self, version_id: int, pattern_id: int) -> str:
        return Patterns(self.book).pattern(version_id, pattern_id).row.label


@dataclass
class PatternWrongReasons:
    """What verdicts on images 2 and 5, which have the pattern, say."""

    book: State

    def of_pattern(self, version_id: int, pattern_id: int) -> ShownWrongReasons:
        ids = self._said()
        share = len(ids) / 4
        return ShownWrongReasons(len(ids), share, tuple(self.book.card(each) for each in ids))

    def of_patterns(self, version_id: int, pattern_ids: list[int]) -> dict[int, WrongReasons]:
        images = len(self._said())
        return {each: WrongReasons(images, images / 4) for each in pattern_ids}

    def _said(self) -> list[int]:
        return [
            image_id
            for image_id, given in self.book.verdicts.items()
            if any(each.wrong_reason and not each.withdrawn for each in given)
        ]


@dataclass
class PatternReports:
    book: State

    def remarks(self, version_id: int, pattern_id: int) -> tuple[Remark, ...]:
        reasons = [
            Remark(image_id, CARDS[image_id].name, verdict, None)
            for image_id, given in self.book.verdicts.items()
            for verdict in given
            if verdict.reason and not verdict.withdrawn
        ]
        notes = [
            Remark(image_id, CARDS[image_id].name, None, note)
            for image_id, note in self.book.notes.values()
        ]
        return (*reasons, *notes)


class Dimensions:
    def violins(
        self, chosen: FakeChosen, left: int | None, right: int | None
    ) -> tuple[Violin, ...]:
        density = tuple((24 - each) / 24 for each in range(24))
        sides = [
            Distribution(density, mean, (0.1, mean, 0.8), 2)
            for mean in (
                0.3 if left or chosen.selection.cell_id else 0.5,
                0.4 if right else 0.5,
            )
        ]
        return tuple(
            Violin(
                index=index,
                weight=(1.0, -0.5, 0.7)[index],
                left=sides[0],
                right=sides[1],
                low=-0.5,
                high=2.0,
            )
            for index in range(3)
        )

    def carriers(
        self, chosen: FakeChosen, dimension: int, left: int | None, right: int | None
    ) -> Carriers:
        if dimension > 2:
            raise InvalidError("Dimensions of this version are 0 to 2.")
        return Carriers(
            (Carrier(2, 200, 1.5, 0.9, 0.9, "real"), Carrier(4, None, 0.2, 0.0, 0.8, "fake")),
            (Carrier(5, 500, -0.1, 0.02, 0.2, "fake"),),
            opposite=not (left or right or chosen.selection.cell_id),
        )
