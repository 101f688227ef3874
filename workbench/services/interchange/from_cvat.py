"""Labels from "CVAT for images 1.1": masks, polygons and boxes are regions, tags say what it is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from flask_babel import gettext

from workbench.analysis.regions.masks import run_lengths
from workbench.services.interchange import fields
from workbench.services.interchange.brush import MOST_PIXELS
from workbench.services.interchange.coco import UNTAGGED_NAME
from workbench.services.interchange.cvat_document import Element, Image, images
from workbench.services.interchange.incoming import (
    Incoming,
    IncomingRegion,
    IncomingTag,
    LineError,
    RowError,
)
from workbench.services.review.findings import Finding
from workbench.store.judgements import SEVERITIES

_REGIONS: Final = ("mask", "polygon", "box")
_OTHERS: Final = ("polyline", "points", "ellipse", "cuboid", "skeleton")


def read_cvat(path: Path) -> Iterator[Incoming | RowError]:
    """Each image by its line in the file; wrong shapes by theirs.

    Shapes alike are one region with several tags; polygons of one group and label are one region.
    """
    for image in images(path):
        regions: list[tuple[str, IncomingRegion]] = []
        tags: list[tuple[str | None, str]] = []
        for each in image.elements:
            try:
                if each.name == "tag":
                    tags.append(_said(each))
                else:
                    regions.append((each.given.get("group_id", "0"), _region(each, image)))
            except LineError as error:
                yield RowError(each.line, f"{each.name}.{error.column}", error.words)
        try:
            yield _incoming(image, tags, _joined(regions))
        except LineError as error:
            yield RowError(image.line, error.column, error.words)


def _incoming(
    image: Image, tags: list[tuple[str | None, str]], regions: tuple[IncomingRegion, ...]
) -> Incoming:
    if len({said for said, _reason in tags}) > 1:
        raise LineError("tag", gettext("An image has one tag, not several that differ."))
    decision, reason = tags[0] if tags else (None, "")
    return Incoming(
        line=image.line,
        file_name=fields.text(image.given, "name"),
        decision=decision if decision in {"unsure", "exclude"} else None,
        label=decision if decision in {"real", "fake"} else None,
        reason=reason,
        regions=regions,
    )


def _said(tag: Element) -> tuple[str | None, str]:
    return fields.decision(tag.given, "label"), fields.reason(tag.attributes)


def _region(shape: Element, image: Image) -> IncomingRegion:
    if shape.name not in _REGIONS:
        raise LineError(
            "type",
            gettext(
                "A %(shape)s is no region. Regions are: %(all)s.",
                shape=shape.name if shape.name in _OTHERS else fields.short(shape.name),
                all=", ".join(_REGIONS),
            ),
        )
    size = _whole(image.given, "width"), _whole(image.given, "height")
    tags = _tags(shape)
    if shape.name == "mask":
        return _mask(shape, size, tags)
    outline = _points(shape) if shape.name == "polygon" else _corners(shape)
    return IncomingRegion(size, tags, outlines=(outline,), tool=shape.name)


def _tags(shape: Element) -> tuple[IncomingTag, ...]:
    name = fields.text(shape.given, "label")
    if not name:
        raise LineError("label", gettext("This shape has no label."))
    if name == UNTAGGED_NAME:
        return ()
    severity = shape.attributes.get("severity", "")
    finding = Finding(fields.reason(shape.attributes), severity if severity in SEVERITIES else None)
    return (IncomingTag(name, finding),)


def _mask(shape: Element, size: tuple[int, int], tags: tuple[IncomingTag, ...]) -> IncomingRegion:
    left, top = (_whole(shape.given, name) for name in ("left", "top"))
    width, height = (_whole(shape.given, name) for name in ("width", "height"))
    runs = _runs(shape.given.get("rle", ""))
    if left + width > size[0] or top + height > size[1]:
        raise LineError("left", gettext("The mask lies outside of the picture."))
    if sum(runs) != width * height or width * height > MOST_PIXELS:
        raise LineError(
            "rle",
            gettext(
                "These run lengths are not of a mask of %(mask)s px.", mask=f"{width} × {height}"
            ),
        )
    values = (np.arange(len(runs)) % 2).astype(np.uint8)
    pixels = np.repeat(values, runs).reshape(height, width)
    return IncomingRegion(size, tags, (left, top, width, height), run_lengths(pixels))


def _runs(text: str) -> list[int]:
    try:
        runs = [int(each) for each in text.split(",")]
    except ValueError:
        runs = []
    if not runs or min(runs) < 0:
        raise LineError("rle", gettext("These are no run lengths."))
    return runs


def _points(shape: Element) -> tuple[tuple[float, float], ...]:
    pairs = [each.split(",") for each in shape.given.get("points", "").split(";")]
    if len(pairs) < 3 or any(len(each) != 2 for each in pairs):
        raise LineError("points", gettext("An outline is x,y;x,y;… of at least 3 points."))
    return tuple((_number(x, "points"), _number(y, "points")) for x, y in pairs)


def _corners(shape: Element) -> tuple[tuple[float, float], ...]:
    """Of a box, turned about its centre, clockwise as the picture is seen."""
    left, top, right, bottom = (
        _number(shape.given.get(name, ""), name) for name in ("xtl", "ytl", "xbr", "ybr")
    )
    turn = math.radians(_number(shape.given.get("rotation", "0"), "rotation"))
    x, y = (left + right) / 2, (top + bottom) / 2
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return tuple(
        (
            x + (across - x) * math.cos(turn) - (down - y) * math.sin(turn),
            y + (across - x) * math.sin(turn) + (down - y) * math.cos(turn),
        )
        for across, down in corners
    )


def _number(text: str, column: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not -1_000_000 <= found <= 1_000_000:
        raise LineError(column, gettext("This is no number: %(value)s.", value=fields.short(text)))
    return found


def _whole(given: Mapping[str, str], name: str) -> int:
    found = _number(given.get(name, ""), name)
    if found < 0 or found != int(found):
        raise LineError(
            name, gettext("This is no whole number: %(value)s.", value=fields.short(found))
        )
    return int(found)


def _joined(regions: list[tuple[str, IncomingRegion]]) -> tuple[IncomingRegion, ...]:
    grouped: dict[object, IncomingRegion] = {}
    for number, (group, region) in enumerate(regions):
        together = region.tool == "polygon" and group not in {"", "0"}
        key: object = (group, region.tags) if together else number
        first = grouped.get(key)
        outlines = (first.outlines if first else ()) + region.outlines
        grouped[key] = replace(region, outlines=outlines)
    alike: dict[object, IncomingRegion] = {}
    for region in grouped.values():
        key = replace(region, tags=())
        tags = alike[key].tags if key in alike else ()
        alike[key] = replace(region, tags=tags + region.tags)
    return tuple(alike.values())
