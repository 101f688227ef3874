"""Labels from COCO: an annotation is a region with the tag of its category."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flask_babel import gettext

from workbench.analysis.regions.run_lengths import compressed
from workbench.services.errors import InvalidError
from workbench.services.interchange import fields
from workbench.services.interchange.coco import UNTAGGED_NAME
from workbench.services.interchange.documents_in import document
from workbench.services.interchange.incoming import (
    Incoming,
    IncomingRegion,
    IncomingTag,
    LineError,
    RowError,
)
from workbench.services.review.findings import Finding
from workbench.store.judgements import SEVERITIES


def read_coco(path: Path) -> Iterator[Incoming | RowError]:
    """Each image with its annotations; wrong annotations by their number in the list, from 1.

    Annotations of the same segmentation are one region with several tags.
    """
    found = document(path)
    if not isinstance(found, dict) or not isinstance(found.get("images"), list):
        raise InvalidError(gettext("This is no COCO file: it has no list of images."))
    try:
        images = fields.items(found, "images")
        annotations = fields.items(found, "annotations")
        categories = {
            each.get("id"): fields.text(each, "name") for each in fields.items(found, "categories")
        }
    except LineError as error:
        raise InvalidError(f"{error.column}: {error.words}") from error
    known = {each.get("id") for each in images if isinstance(each.get("id"), int | str)}
    regions: defaultdict[object, dict[object, IncomingRegion]] = defaultdict(dict)
    sizes = {each.get("id"): each for each in images if isinstance(each.get("id"), int | str)}
    for number, each in enumerate(annotations, start=1):
        try:
            image_id = _known_image(each, known)
            region = _region(each, sizes[image_id], categories)
        except LineError as error:
            yield RowError(number, f"annotations.{error.column}", error.words)
            continue
        key = (region.size, region.box, region.rle, region.outlines)
        same = regions[image_id].get(key)
        tags = (same.tags if same else ()) + region.tags
        regions[image_id][key] = IncomingRegion(
            region.size, tags, region.box, region.rle, region.outlines, region.tool
        )
    for number, each in enumerate(images, start=1):
        try:
            yield Incoming(
                line=number,
                content_hash=fields.text(each, "content_hash"),
                file_name=fields.text(each, "file_name"),
                decision=fields.decision(each),
                label=fields.label(each),
                regions=tuple(regions.get(each.get("id"), {}).values()),
            )
        except LineError as error:
            yield RowError(number, f"images.{error.column}", error.words)


def _known_image(annotation: Mapping[str, Any], known: set[Any]) -> int | str:
    image_id = annotation.get("image_id")
    if not isinstance(image_id, int | str) or image_id not in known:
        raise LineError(
            "image_id",
            gettext("The file has no image with the id %(id)s.", id=fields.short(image_id)),
        )
    return image_id


def _region(
    annotation: Mapping[str, Any], image: Mapping[str, Any], categories: Mapping[Any, str]
) -> IncomingRegion:
    width, height = (_side(image, name) for name in ("width", "height"))
    tag = _tag(annotation, categories)
    tags = () if tag.name == UNTAGGED_NAME else (tag,)
    segmentation = annotation.get("segmentation")
    if isinstance(segmentation, dict):
        down, across = fields.whole_numbers(segmentation, "size", 2)
        return IncomingRegion(
            size=(across, down),
            tags=tags,
            box=(0, 0, across, down),
            rle=_counts(segmentation.get("counts")),
        )
    if segmentation:
        return IncomingRegion(
            size=(width, height), tags=tags, outlines=_outlines(segmentation), tool="polygon"
        )
    return IncomingRegion(size=(width, height), tags=tags, outlines=(_box(annotation),), tool="box")


def _side(image: Mapping[str, Any], name: str) -> int:
    value = image.get(name)
    if type(value) is not int or value < 1:
        raise LineError(name, gettext("The image of this annotation has no %(name)s.", name=name))
    return value


def _tag(annotation: Mapping[str, Any], categories: Mapping[Any, str]) -> IncomingTag:
    category = annotation.get("category_id")
    name = categories.get(category) if isinstance(category, int | str) else None
    if not name:
        raise LineError(
            "category_id",
            gettext(
                "There is no category %(id)s. The file has: %(all)s.",
                id=fields.short(category),
                all=fields.short(", ".join(map(str, categories))),
            ),
        )
    said = annotation.get("attributes")
    said = said if isinstance(said, dict) else {}
    severity = said.get("severity")
    return IncomingTag(
        name,
        Finding(
            fields.reason(said) if isinstance(said.get("reason"), str) else "",
            severity if severity in SEVERITIES else None,
        ),
    )


def _counts(counts: object) -> str:
    if isinstance(counts, str):
        return counts
    if isinstance(counts, list) and all(type(each) is int and each >= 0 for each in counts):
        return compressed(counts)
    raise LineError("segmentation", gettext("These are no run lengths."))


def _outlines(segmentation: object) -> tuple[tuple[tuple[float, float], ...], ...]:
    outlines = segmentation if isinstance(segmentation, list) else [segmentation]
    found = []
    for outline in outlines:
        if (
            not isinstance(outline, list)
            or len(outline) < 6
            or len(outline) % 2
            or not all(isinstance(each, int | float) for each in outline)
        ):
            raise LineError(
                "segmentation",
                gettext("An outline is a list of at least 3 points, x and y by turns."),
            )
        found.append(tuple(zip(outline[::2], outline[1::2], strict=True)))
    return tuple(found)


def _box(annotation: Mapping[str, Any]) -> tuple[tuple[float, float], ...]:
    box = annotation.get("bbox")
    if (
        not isinstance(box, list)
        or len(box) != 4
        or not all(isinstance(each, int | float) for each in box)
    ):
        raise LineError("bbox", gettext("There is neither a segmentation nor a box."))
    x, y, width, height = box
    return ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
