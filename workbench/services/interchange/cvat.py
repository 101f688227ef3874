"""A label set as "CVAT for images 1.1": tags of the image, brushes as masks, outlines as polygons.

A region with several tags is a shape for each; the polygons of one region are a group. Labels of
shapes have the attributes `reason` and `severity`, that of the image `reason`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import cv2
import numpy as np

from workbench.services.interchange.coco import UNTAGGED_NAME
from workbench.services.interchange.frozen import FrozenRow, FrozenSet
from workbench.services.interchange.shapes import Mask, mask_on, outlines_of
from workbench.services.interchange.table import reason_of
from workbench.services.interchange.xml_text import attributes, element, text
from workbench.services.label_sets.documents import moment
from workbench.store.judgements import DECISIONS, SEVERITIES

UNSAID: Final = "unsaid"
"""Of a severity: CVAT gives every attribute a value."""
_DRAWN: Final = {"source": "manual", "occluded": 0}
_NO_TAG: Final = {"tag": UNTAGGED_NAME, "reason": "", "severity": None}


def cvat(frozen: FrozenSet) -> Iterator[bytes]:
    """The document, an image at a time."""
    yield b'<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n<version>1.1</version>\n'
    yield _meta(frozen).encode()
    for row in frozen:
        yield _image(row).encode()
    yield b"</annotations>\n"


def _meta(frozen: FrozenSet) -> str:
    at = moment(frozen.created_at)
    task = (
        ("id", frozen.number),
        ("name", frozen.name),
        ("size", frozen.images),
        ("mode", "annotation"),
        ("overlap", 0),
        ("created", at),
        ("updated", at),
    )
    said = "\n".join(element(*each) for each in task)
    labels = "\n".join(_labels(frozen))
    return (
        f"<meta>\n<task>\n{said}\n<labels>\n{labels}\n</labels>\n</task>\n"
        f"{element('dumped', at)}\n</meta>\n"
    )


def _labels(frozen: FrozenSet) -> Iterator[str]:
    """Decisions, and the names of tags: of the taxonomy, and of what bears others."""
    tags = {each["name"] for each in frozen.taxonomy} | set(frozen.tags) | {UNTAGGED_NAME}
    reason = _choice("reason", "text", "", ())
    severity = _choice("severity", "select", UNSAID, (UNSAID, *SEVERITIES))
    for name in DECISIONS:
        if name not in tags:
            yield _label(name, "tag", reason)
    for name in sorted(tags):
        # What is called as a decision is on images, too.
        yield _label(name, "any", reason + severity)


def _label(name: str, kind: str, asked: str) -> str:
    said = element("name", name) + element("type", kind)
    return f"<label>{said}<attributes>{asked}</attributes></label>"


def _choice(name: str, kind: str, default: str, values: tuple[str, ...]) -> str:
    parts = (
        ("name", name),
        ("mutable", "False"),
        ("input_type", kind),
        ("default_value", default),
        ("values", "\n".join(values)),
    )
    return f"<attribute>{''.join(element(*each) for each in parts)}</attribute>"


def _image(row: FrozenRow) -> str:
    # No subset: it is for projects, and readers of a task drop what is in one.
    head = {"id": row.image_id, "name": row.file_name}
    size = {"width": row.width, "height": row.height}
    parts = [_tag(row)] if row.said else []
    for number, region in enumerate(row.details["regions"], start=1):
        parts += _shapes(region, row, number)
    return f"<image{attributes(head | size)}>\n{''.join(parts)}</image>\n"


def _tag(row: FrozenRow) -> str:
    head = attributes({"label": row.said, "source": "manual"})
    return f"<tag{head}>{_said({'reason': reason_of(row)})}</tag>\n"


def _shapes(region: Mapping[str, Any], row: FrozenRow, number: int) -> Iterator[str]:
    mask = mask_on(region, row.width, row.height)
    if not mask.any():
        return
    outlines = outlines_of(region, mask)
    if outlines is None:
        shapes = [("mask", _runs(mask))]
    else:
        points = [";".join(f"{x:g},{y:g}" for x, y in outline) for outline in outlines]
        shapes = [("polygon", {"points": each}) for each in points]
    together = {"group_id": number} if len(shapes) > 1 else {}
    for tag in region["tags"] or [_NO_TAG]:
        said = _said({"reason": tag["reason"], "severity": tag["severity"] or UNSAID})
        for kind, shape in shapes:
            head = attributes({"label": tag["tag"], **_DRAWN, **shape, "z_order": 0, **together})
            yield f"<{kind}{head}>{said}</{kind}>\n"


def _runs(mask: Mask) -> dict[str, object]:
    """Run lengths within the bounding box, row by row, of zeros first."""
    left, top, width, height = cv2.boundingRect(mask)
    flat = mask[top : top + height, left : left + width].ravel()
    changes = np.flatnonzero(np.diff(flat)) + 1
    lengths = np.diff(np.concatenate([[0], changes, [flat.size]])).tolist()
    runs = [0, *lengths] if flat[0] else lengths
    box = {"left": left, "top": top, "width": width, "height": height}
    return {"rle": ", ".join(map(str, runs)), **box}


def _said(values: Mapping[str, str]) -> str:
    return "".join(
        f"<attribute{attributes({'name': name})}>{text(value)}</attribute>"
        for name, value in values.items()
    )
