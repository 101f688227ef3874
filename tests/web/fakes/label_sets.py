"""Two label sets of the faces, the later with another label and another tag."""

from __future__ import annotations

from collections import Counter

from tests.web.fakes.data import NOON
from tests.web.fakes.state import State
from workbench.services.errors import NotFoundError
from workbench.services.label_sets.comparing import Change, ChangedImage, Comparison
from workbench.services.label_sets.reading import FrozenImage, ImagesPage, LabelSetView

SETS = {
    1: LabelSetView(
        *(71, 1, "after the first", "", "ada", NOON, 12, 6),
        *({"real": 3, "fake": 3}, {"imported": 6}, {}, 0, 0, 0),
    ),
    2: LabelSetView(
        *(72, 2, "after the second <b>", "with a\nsecond line", "ben <i>", NOON, 1234, 5),
        *({"real": 2, "fake": 2, "exclude": 1}, {"imported": 3, "verdicts": 1, "disputed": 1}),
        *({"fake smile <b>": 2}, 3, 1, 1),
    ),
}


class LabelSets:
    """Those of the faces; of the collection that is not analysed, none."""

    def label_sets(self, collection_id: int) -> tuple[LabelSetView, ...]:
        return (SETS[2], SETS[1]) if collection_id == 1 else ()

    def label_set(self, collection_id: int, number: int) -> LabelSetView:
        if collection_id != 1 or number not in SETS:
            raise NotFoundError(f"Label set {number} not found.")
        return SETS[number]

    def images_of(
        self,
        label_set_id: int,
        *,
        after: int | None = None,
        label: str | None = None,
        rule: str | None = None,
    ) -> ImagesPage:
        images = (
            FrozenImage(1, "face 1 <b>.jpg", "real", "real", None, "imported", None, ()),
            FrozenImage(
                *(2, "face 2 <b>.jpg", "fake", "real", "fake", "verdicts", NOON),
                ("fake smile <b>",),
            ),
            FrozenImage(3, "face 3 <b>.jpg", None, "real", "exclude", "verdicts", NOON, ()),
        )
        return ImagesPage(
            tuple(each for each in images if label in {None, each.label}),
            None if after else 3,
        )


class FreezingLabels:
    """Making label sets."""

    def __init__(self, state: State) -> None:
        self._state = state

    def make_label_set(
        self, user_id: int, collection_id: int, name: str, description: str = ""
    ) -> int:
        self._state.label_sets_made.append((user_id, name, description))
        return 2


class SetComparisons:
    """What changed from the first to the second."""

    def compare(self, earlier_id: int, later_id: int) -> Comparison:
        found = Comparison()
        if earlier_id == later_id:
            return found
        found.relabelled = Change(70, [ChangedImage(2, "face 2 <b>.jpg", "real", "fake")])
        found.moves = Counter({("real", "fake"): 70})
        found.gained = Change(1, [ChangedImage(2, "face 2 <b>.jpg", None, "fake smile <b>")])
        found.tags_gained = Counter({"fake smile <b>": 1})
        found.removed = Change(1, [ChangedImage(4, "face 4 <b>.jpg", "exclude", None)])
        return found
