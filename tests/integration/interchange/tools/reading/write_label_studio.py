"""A task as Label Studio exports it, its brush written by its own library; tells the mask."""

import json
import sys
from pathlib import Path

import numpy as np
from label_studio_sdk.converter import brush

(told,) = sys.argv[1:]
mask = np.zeros((20, 40), np.uint8)
mask[2:9, 3:31] = 255
mask[5, 10] = 0
said = {
    "type": "choices",
    "from_name": "label",
    "to_name": "image",
    "value": {"choices": ["unsure"]},
}
drawn = {
    "type": "brushlabels",
    "from_name": "brush",
    "to_name": "image",
    "original_width": 40,
    "original_height": 20,
    "value": {"format": "rle", "rle": brush.mask2rle(mask), "brushlabels": ["Glare"]},
}
task = {
    "id": 1,
    "data": {"image": "/data/local-files/?d=set/a/0%20.png"},
    "annotations": [{"result": [said, drawn], "was_cancelled": False}],
}
Path("theirs.json").write_text(json.dumps([task]))
Path(told).write_text(json.dumps((mask > 0).astype(int).tolist()))
