"""CVAT's XML as it comes in: an image at a time, with its tags and shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from flask_babel import gettext

from workbench.services.errors import InvalidError
from workbench.services.interchange.xml_in import Begun, Ended, events

MOST_SHAPES: Final = 10_000
"""On an image, which are held together."""
_ZIP: Final = b"PK\x03\x04"
_ROOT: Final = ("annotations",)
_IMAGE: Final = ("annotations", "image")


@dataclass
class Element:
    """A tag or a shape of an image. given: as XML has them; attributes: what people were asked."""

    name: str
    line: int
    given: Mapping[str, str]
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass
class Image:
    """An image with what stands in it."""

    line: int
    given: Mapping[str, str]
    elements: list[Element] = field(default_factory=list)


def images(path: Path) -> Iterator[Image]:
    """The images of a file. Raises InvalidError for what is no such file."""
    with path.open("rb") as file:
        if file.read(len(_ZIP)) == _ZIP:
            raise InvalidError(
                gettext("This is a zip file. Import the annotations.xml that is in it.")
            )
    image: Image | None = None
    asked = ""
    for event in events(path):
        if isinstance(event, Begun):
            _check_kind(event)
            asked = event.attributes.get("name", "")
            if event.path == _IMAGE:
                image = Image(event.line, event.attributes)
            elif image is not None:
                _begin(image, event)
        elif image is not None:
            if event.path == _IMAGE:
                yield image
                image = None
            else:
                _end(image, event, asked)


def _check_kind(event: Begun) -> None:
    if len(event.path) == 1 and event.path != _ROOT:
        raise InvalidError(
            gettext("This is no CVAT file: it begins with <%(name)s>.", name=event.path[0][:60])
        )
    if event.path == (*_ROOT, "track"):
        raise InvalidError(
            gettext("These are tracks of a video. Export the task as “CVAT for images 1.1”.")
        )


def _begin(image: Image, event: Begun) -> None:
    if len(event.path) != len(_IMAGE) + 1:
        return
    image.elements.append(Element(event.path[-1], event.line, event.attributes))
    if len(image.elements) > MOST_SHAPES:
        raise InvalidError(
            gettext(
                "The image in line %(line)s has more than %(most)s shapes.",
                line=image.line,
                most=MOST_SHAPES,
            )
        )


def _end(image: Image, event: Ended, asked: str) -> None:
    if event.path[len(_IMAGE) + 1 :] == ("attribute",):
        image.elements[-1].attributes[asked] = event.text
