"""How published data sets lay out their folders: label, generator, class and split by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from workbench.services.sources.splits import SPLITS
from workbench.store.images import LABELS

Above = tuple[str, ...]
"""Names of the folders from the source down to the labelled one, those of splits left out."""


@dataclass(frozen=True)
class Facts:
    """What the folders above a labelled one say of its images."""

    generator: str = ""
    class_name: str = ""


@dataclass(frozen=True)
class Layout:
    """One way to lay folders out."""

    title: str
    labels: Mapping[str, str]
    """Name of a labelled folder to its label."""
    splits: Mapping[str, bool]
    read: Callable[[str, Above], Facts]
    """Facts by the source's own name and the folders above the labelled one."""
    generators_below: bool = False
    """Whether a folder below the fake one names the generator."""
    side_by_side: bool = False
    """Whether the names are common words: they count where both stand in one folder."""


def _nothing(_source: str, _above: Above) -> Facts:
    return Facts()


CLASSES: Final = frozenset(
    (
        *("airplane", "apple", "bedroom", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat"),
        *("chair", "church", "cow", "diningtable", "dog", "face", "horse", "kitchen", "motorbike"),
        *("orange", "person", "pottedplant", "sheep", "sofa", "summer", "train", "tvmonitor"),
        *("winter", "zebra"),
    )
)
"""Classes of the CNNDetection sets, which stand below a generator that has several."""

_GENERATORS: Final = frozenset(
    (
        *("progan", "stylegan", "stylegan2", "stylegan3", "biggan", "cyclegan", "stargan"),
        *("gaugan", "deepfake", "crn", "imle", "san", "seeingdark", "whichfaceisreal"),
    )
)


def _of_forensynths(source: str, above: Above) -> Facts:
    """`generator/class`, `generator`, or, with a generator as the source, `class`."""
    if not above:
        return Facts(source if source.casefold() in _GENERATORS else "")
    last = above[-1].casefold()
    if last in _GENERATORS:
        return Facts(above[-1])
    if len(above) > 1:
        return Facts(above[-2], above[-1])
    if last in CLASSES:
        return Facts(source if source.casefold() in _GENERATORS else "", above[-1])
    return Facts(above[-1])


_OF_GENIMAGE: Final = re.compile(r"imagenet_ai_\d+_(.+)", re.IGNORECASE)


def _of_genimage(source: str, above: Above) -> Facts:
    """The nearest folder that is not named after the archive, else what the archive names."""
    plain = [name for name in above if not _OF_GENIMAGE.fullmatch(name)]
    if plain:
        return Facts(plain[-1])
    archive = next(filter(None, map(_OF_GENIMAGE.fullmatch, (*above, source))), None)
    return Facts(archive[1] if archive else "")


REAL_AND_FAKE: Final = Layout(
    "folders real and fake",
    {label: label for label in LABELS},
    SPLITS,
    _nothing,
    generators_below=True,
)
FORENSYNTHS: Final = Layout(
    "CNNDetection (0_real, 1_fake)", {"0_real": "real", "1_fake": "fake"}, SPLITS, _of_forensynths
)
GENIMAGE: Final = Layout(
    "GenImage (nature, ai)",
    {"nature": "real", "ai": "fake"},
    SPLITS | {"val": True},  # it has no other part to test on
    _of_genimage,
    side_by_side=True,
)
LAYOUTS: Final = (REAL_AND_FAKE, FORENSYNTHS, GENIMAGE)
"""The first that knows a name decides."""


_LABELLED: Final = {
    name: label
    for layout in LAYOUTS
    if not layout.side_by_side
    for name, label in layout.labels.items()
}


def named_by(given: Mapping[str, str]) -> Layout:
    """The layout in which labelled folders have the names that somebody gave."""
    return Layout("folders named by --label", given, SPLITS, _nothing, generators_below=True)


def is_split(name: str, beside: Collection[str]) -> bool:
    """Whether a folder is part of a split: `train` beside `airplane` is a class."""
    key = name.casefold()
    if key in CLASSES and not CLASSES.isdisjoint({each.casefold() for each in beside} - {key}):
        return False
    return key in SPLITS


def label_within(folders: Sequence[str], given: Mapping[str, str]) -> str | None:
    """The label of the nearest folder that has one, for a path that stands alone."""
    known = {**_LABELLED, **given}
    keys = map(str.casefold, reversed(folders))
    return next((known[key] for key in keys if key in known), None)
