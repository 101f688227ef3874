"""A label set as COCO: images, categories that keep their ids, an annotation for each tag.

A category is a tag; its id is one more than the tag's, which is never given out again, so that the
ids of two exports mean the same. 1 stands for regions without a tag.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
from pycocotools import mask as coco_masks

from workbench.analysis.regions.masks import run_lengths
from workbench.services.interchange.frozen import FrozenRow, FrozenSet
from workbench.services.interchange.shapes import mask_on, outlines_of
from workbench.services.label_sets.documents import moment

UNTAGGED: Final = 1
UNTAGGED_NAME: Final = "region"
Document = dict[str, Any]
_NO_TAG: Final[Document] = {"tag": UNTAGGED_NAME, "tag_id": UNTAGGED - 1}


def category_id(tag_id: int) -> int:
    """The category of a tag."""
    return tag_id + 1


def coco(frozen: FrozenSet) -> Iterator[bytes]:
    """The document, in two passes over the images: COCO lists annotations apart from them."""
    yield b'{"info": ' + _text(_info(frozen))
    yield b', "licenses": [], "images": ['
    yield from _listed(_image(row) for row in frozen)
    yield b'], "annotations": ['
    used: dict[int, str] = {}
    yield from _listed(_annotations(frozen, used))
    yield b'], "categories": ' + _text(_categories(frozen, used)) + b"}\n"


def _listed(documents: Iterator[Document]) -> Iterator[bytes]:
    separator = b""
    for each in documents:
        yield separator + _text(each)
        separator = b",\n"


def _text(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def _info(frozen: FrozenSet) -> Document:
    return {
        "description": frozen.name,
        "version": str(frozen.number),
        "year": frozen.created_at.year,
        "date_created": moment(frozen.created_at),
        "contributor": "Pattern Workbench",
    }


def _image(row: FrozenRow) -> Document:
    return {
        "id": row.image_id,
        "file_name": row.file_name,
        "width": row.width,
        "height": row.height,
        "label": row.label,
        "decision": row.decision,
        "rule": row.rule,
        "split": row.split,
        "content_hash": row.content_hash,
    }


def _annotations(frozen: FrozenSet, used: dict[int, str]) -> Iterator[Document]:
    number = 0
    for row in frozen:
        for region in row.details["regions"]:
            shape = _shape(region, row.width, row.height)
            if shape is None:
                continue
            tags: list[Document] = region["tags"] or [_NO_TAG]
            for tag in tags:
                number += 1
                category = category_id(tag["tag_id"])
                used[category] = tag["tag"]
                yield {
                    "id": number,
                    "image_id": row.image_id,
                    "category_id": category,
                    **shape,
                    "attributes": {
                        name: tag.get(name) for name in ("by", "at", "put_on", "reason", "severity")
                    },
                }


def _shape(region: Mapping[str, Any], width: int, height: int) -> Document | None:
    """Segmentation, box and area; None of what has no pixel of the picture."""
    mask = mask_on(region, width, height)
    encoded = coco_masks.encode(np.asfortranarray(mask))
    area = int(coco_masks.area(encoded))
    if not area:
        return None
    outlines = outlines_of(region, mask)
    return {
        "segmentation": [[at for point in outline for at in point] for outline in outlines]
        if outlines
        else {"size": [height, width], "counts": run_lengths(mask)},
        "bbox": [float(each) for each in coco_masks.toBbox(encoded)],
        "area": area,
        "iscrowd": 0,
    }


def _categories(frozen: FrozenSet, used: Mapping[int, str]) -> list[Document]:
    """The tags of the taxonomy, and those that left it and are still on something."""
    names = {each["id"]: each["name"] for each in frozen.taxonomy}
    parents = {
        category_id(each["id"]): names.get(each["parent_id"], "") for each in frozen.taxonomy
    }
    found = {category_id(tag_id): name for tag_id, name in names.items()} | dict(used)
    found.setdefault(UNTAGGED, UNTAGGED_NAME)
    return [
        {"id": each, "name": name, "supercategory": parents.get(each, "")}
        for each, name in sorted(found.items())
    ]
