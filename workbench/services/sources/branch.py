"""A folder on the way down a tree, with what the names so far say of the images in it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Self

from workbench.services.sources.entries import display
from workbench.services.sources.labels import UNLABELLED, LabelNames
from workbench.services.sources.layouts import (
    GENIMAGE,
    LAYOUTS,
    Above,
    Layout,
    is_split,
    named_by,
)
from workbench.services.sources.splits import SPLITS


@dataclass(frozen=True)
class Branch:
    """A folder of a source: `below` leads to the folders in it."""

    source: str
    """The source's own name."""
    names: LabelNames
    label: str | None = None
    layout: Layout | None = None
    generator: str = ""
    class_name: str = ""
    split: str | None = None
    """Name of the nearest folder that is a part of a split."""
    above: Above = ()
    contradiction: str = ""

    @classmethod
    def root(cls, name: str, names: LabelNames) -> Self:
        """The source itself, which may be a labelled folder; what lies above does not count."""
        layout = named_by({}) if names.all_are else None
        begun = cls(name, names, names.all_are, layout)
        return begun._labelled(name, ()) or begun

    @property
    def held_out(self) -> bool | None:
        """Whether the folders say that the images are of the test split; None where they do not."""
        if self.split is None:
            return None
        return (self.layout.splits if self.layout else SPLITS)[self.split]

    @property
    def objection(self) -> str:
        """Why nothing here can be imported; empty where it can."""
        return self.contradiction or ("" if self.label else "not in a folder named real or fake")

    def below(self, name: str, beside: Collection[str] = ()) -> Self:
        """The folder of this name, among others `beside` it: the nearest labelled one decides."""
        if found := self._labelled(name, beside):
            return found
        if is_split(name, beside):
            return replace(self, split=name.casefold())
        if self.layout is None:
            return replace(self, above=(*self.above, display(name)))
        if self.layout.generators_below and self.label == "fake" and not self.generator:
            return replace(self, generator=display(name))
        return self

    def _labelled(self, name: str, beside: Collection[str]) -> Self | None:
        key = name.casefold()
        layout = next((each for each in self._layouts(beside) if key in each.labels), None)
        if layout is None:
            return None
        label = layout.labels[key]
        if self.names.all_are not in (None, UNLABELLED, label):
            reason = f"in a folder named {display(name)}, which contradicts --label"
            return replace(self, contradiction=f"{reason} {self.names.all_are}")
        facts = layout.read(display(self.source), self.above)
        return replace(
            self,
            label=label,
            layout=layout,
            generator=facts.generator if label == "fake" else "",
            class_name=facts.class_name,
            contradiction="",
        )

    def _layouts(self, beside: Collection[str]) -> tuple[Layout, ...]:
        """Those that count here: common words alone are no sign, nor below a labelled folder."""
        given = (named_by(self.names.given),) if self.names.given else ()
        here = {name.casefold() for name in beside}
        pairs = self.label in (None, UNLABELLED) and here.issuperset(GENIMAGE.labels)
        known = tuple(each for each in LAYOUTS if pairs or not each.side_by_side)
        return given + known
