"""Findings of a check: what is wrong with which images, how much, and what can be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

Severity = Literal["warning", "note"]
Action = Literal["leave_out", "one_group", "make_alike"]

MOST_GROUPS: Final = 5000
"""So many groups of a finding are kept with their images; its figures count all of them."""

ACTIONS: Final[Mapping[str, tuple[Action, ...]]] = {
    "contradicting_duplicates": ("leave_out", "one_group"),
    "duplicates_across_split": ("one_group", "leave_out"),
    "duplicates": ("leave_out",),
    "shortcut": ("make_alike", "leave_out"),
    **dict.fromkeys(
        ("one_sided", "outliers", "small", "dark", "bright", "blurred"), ("leave_out",)
    ),
}
"""What can be done about each kind of finding, the usual remedy first."""


OVERWRITTEN: Final = ("format", "size", "aspect", "jpeg", "compression_history", "together")
"""Shortcuts that go where all images are made alike; borders stay."""


@dataclass(frozen=True)
class Finding:
    """One finding of a check.

    groups: ids of images that belong together, such as duplicates of one another; one image a
        group where each stands for itself. The first 5,000 groups.
    figures: its size, by name.
    """

    kind: str
    severity: Severity
    figures: dict[str, Any]
    groups: tuple[tuple[int, ...], ...] = ()
    subject: str = ""
    """What of several of its kind it is about, such as a generator."""

    @property
    def key(self) -> str:
        """Names the finding within its check."""
        return f"{self.kind}:{self.subject}" if self.subject else self.kind

    @property
    def actions(self) -> tuple[Action, ...]:
        """What can be done about it."""
        return tuple(each for each in ACTIONS.get(self.kind, ()) if self._is_possible(each))

    def _is_possible(self, action: Action) -> bool:
        if action != "make_alike":
            return bool(self.groups)
        return self.subject in OVERWRITTEN and not self.figures.get("made_alike")

    def as_json(self) -> dict[str, Any]:
        """As one object for JSON; `read` reads it."""
        return asdict(self) | {"groups": [list(each) for each in self.groups]}

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Finding:
        """A finding as it was stored."""
        groups = tuple(tuple(each) for each in stored["groups"])
        return cls(**{**stored, "groups": groups})
