"""What each collection of the demo set is, and what it is not, in words for its page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Text:
    """A collection's name, its title, and an honest description."""

    name: str
    title: str
    description: str


TEXTS: Final = (
    Text(
        "demo-faces",
        "Demo: faces",
        "58 portraits of people (from the web kit tabler-ui) against 72 faces that a "
        "MobileStyleGAN made up. Crop, size, JPEG compression and greyness are matched; portraits "
        "with a covered, averted or tiny face are left out, and so are made-up children. Pose, "
        "tilt and colour toning are not matched, and a model may lean on them. Portraits and "
        "made-up faces alike are at most 128 pixels wide, enlarged. It is small, it holds one "
        "generator of 2021, and a model trained on it says nothing about other fakes.",
    ),
    Text(
        "demo-scenes",
        "Demo: scenes",
        "66 crops of 33 photographs (tabler-ui) against 68 crops of 34 pictures that 30 image and "
        "video models made (previews of ComfyUI's workflow templates). Chosen by hand so that "
        "landscapes, people outdoors, animals, plants, towns and rooms stand on both sides; size "
        "and compression are matched. The made-up pictures are their makers' show-pieces: more "
        "staged, more saturated, some surreal, with larger people in them; about a third start "
        "from an earlier picture, whose origin is not told. One to three pictures a model, a third "
        "held out: read the figures as a demonstration, not as a measure.",
    ),
    Text(
        "demo-planted",
        "Demo: planted patterns",
        "200 windows of 50 photographs (tabler-ui), each twice: untouched, called real, and with "
        "one soft-edged region changed in one of five known ways, called fake: blur, "
        "checkerboard, mode filter, colour cast, sensor noise. No AI made anything here. Where "
        "and how each was changed is known, so what the workbench finds can be held to the "
        "truth. It shows whether the method works, not how real fakes look.",
    ),
)
