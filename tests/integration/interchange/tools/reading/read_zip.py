"""What FiftyOne finds in an unpacked zip of COCO: the size of each picture, and what lies on it."""

import json
import runpy
import sys
from pathlib import Path

from PIL import Image

told, recipe = sys.argv[1:]
pictures = Path("faces/images").absolute()
found = {}
for sample in runpy.run_path(recipe)["dataset"]:
    regions = sample.regions.detections if sample.regions else []
    found[str(Path(sample.filepath).relative_to(pictures))] = {
        "size": Image.open(sample.filepath).size,
        "regions": [each.label for each in regions],
    }
Path(told).write_text(json.dumps(found))
