"""What a source calls real and fake, and what it is told to call so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from workbench.services.errors import InvalidError
from workbench.services.sources.entries import display
from workbench.store.images import LABELS

UNLABELLED: Final = "none"
"""What a source calls an image that nobody has labelled yet."""
_KNOWN: Final = (*LABELS, UNLABELLED)
_MOST_NAMED: Final = 6
_USUAL: Final = {
    "real": ("0", "0.0", "false", "0_real", "nature", "natural", "human", "authentic", "original"),
    "fake": ("1", "1.0", "true", "1_fake", "ai", "synthetic", "generated", "gan", "deepfake"),
}
"""What such words most often mean: suggested, never assumed."""


@dataclass(frozen=True)
class LabelNames:
    """Which written labels, or names of folders, are real, which are fake, and which say none."""

    given: Mapping[str, str] = field(default_factory=dict)
    """Further names, casefolded, to a label."""
    all_are: str | None = None
    """The label of whatever has no written one."""

    @classmethod
    def of(cls, options: Iterable[str]) -> LabelNames:
        """Read `NAME=real`, or `fake` or `none` alone for all images. Raises InvalidError."""
        given: dict[str, str] = {}
        all_are = None
        for option in options:
            name, equals, label = option.rpartition("=")
            if label not in _KNOWN:
                raise InvalidError(
                    f"--label {display(option)}: labels are real, fake or none, "
                    "as in --label 1=fake, or --label fake for all images"
                )
            if equals:
                given[name.strip().casefold()] = label
            else:
                all_are = label
        return cls(given, all_are)

    def label_of(self, written: str) -> str | None:
        """The label that a written one stands for, or `UNLABELLED`; None for an unknown one."""
        key = written.strip().casefold()
        if not key and self.all_are:
            return self.all_are
        return self.given.get(key, key if key in _KNOWN else None)

    def objection(self, written: str) -> str:
        """Why a row with this label cannot be imported."""
        name = display(written.strip())
        hint = f"; map others with --label {_quoted(name)}=fake" if name else ""
        return f"unknown label {name!r}: labels are real or fake{hint}"


def options_for(names: Iterable[str]) -> str:
    """The options that map these names to labels, with what is not known left to fill in."""
    listed = [display(each) for each in names]
    usual = {name: _usual(name) for name in listed[:_MOST_NAMED]}
    more = "" if len(listed) <= _MOST_NAMED else f" (and {len(listed) - _MOST_NAMED} more)"
    if all(usual.values()):
        return _options(usual) + more
    asked = " ".join(f"--label {_quoted(name)}=real|fake" for name in usual)
    return f"{asked}{more}"


def reading_of(names: Iterable[str]) -> str:
    """What the suggested options take for granted; empty where they suggest nothing."""
    first = next(iter(names), "")
    label = _usual(first)
    return f" (if {display(first)} means {label})" if label else ""


def _options(labels: Mapping[str, str]) -> str:
    return " ".join(f"--label {_quoted(name)}={label}" for name, label in labels.items())


def _usual(name: str) -> str:
    return next((label for label, words in _USUAL.items() if name.casefold() in words), "")


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name
