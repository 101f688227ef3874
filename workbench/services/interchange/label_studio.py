"""A label set as tasks of Label Studio: a choice for each image, brushes and polygons for tags.

For a project with `Choices` named `label`, `BrushLabels` named `brush` and `PolygonLabels` named
`polygon`, on an `Image` named `image` (docs/interchange.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.services.interchange import brush
from workbench.services.interchange.frozen import FrozenRow, FrozenSet
from workbench.services.interchange.shapes import Points, mask_on, outlines_of
from workbench.services.interchange.table import reason_of

Document = dict[str, Any]


def label_studio(frozen: FrozenSet) -> Iterator[bytes]:
    """The list of tasks, one at a time."""
    yield b"["
    separator = b""
    for row in frozen:
        yield separator + json.dumps(_task(row), ensure_ascii=False).encode()
        separator = b",\n"
    yield b"]\n"


def _task(row: FrozenRow) -> Document:
    results = [_choice(row.said)] if row.said else []
    for number, region in enumerate(row.details["regions"]):
        results += _marks(region, row, f"region-{number}")
    return {
        "id": row.image_id,
        "data": {
            "image": row.file_name,
            "content_hash": row.content_hash,
            "rule": row.rule,
            "reason": reason_of(row),
        },
        "annotations": [{"result": results, "was_cancelled": False}] if results else [],
    }


def _choice(said: str) -> Document:
    return {
        "id": "label",
        "type": "choices",
        "from_name": "label",
        "to_name": "image",
        "value": {"choices": [said]},
    }


def _marks(region: Mapping[str, Any], row: FrozenRow, name: str) -> list[Document]:
    tags = [tag["tag"] for tag in region["tags"]]
    mask = mask_on(region, row.width, row.height)
    if not tags or not mask.any():
        return []
    shared = {
        "to_name": "image",
        "original_width": row.width,
        "original_height": row.height,
        "image_rotation": 0,
    }
    outlines = outlines_of(region, mask)
    if outlines is None:
        value = {"format": "rle", "rle": brush.encode(mask), "brushlabels": tags}
        return [{"id": name, "type": "brushlabels", "from_name": "brush", **shared, "value": value}]
    return [
        {
            "id": f"{name}-{part}",
            "type": "polygonlabels",
            "from_name": "polygon",
            **shared,
            "value": {
                "points": _percent(outline, row.width, row.height),
                "closed": True,
                "polygonlabels": tags,
            },
        }
        for part, outline in enumerate(outlines)
    ]


def _percent(outline: Points, width: int, height: int) -> list[list[float]]:
    return [[100 * x / width, 100 * y / height] for x, y in outline]
