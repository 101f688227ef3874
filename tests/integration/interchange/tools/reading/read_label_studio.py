"""What Label Studio's converter makes of our tasks: choices, masks of brushes, polygons."""

import json
import sys
from pathlib import Path

from label_studio_sdk.converter import Converter
from label_studio_sdk.converter.brush import decode_from_annotation

(told,) = sys.argv[1:]
converter = Converter(Path("interface.xml").read_text(), project_dir=None)
choices, brushes, polygons = {}, {}, []
for task in converter.iter_from_json_file("tasks.json"):
    number = task["id"]
    for each in task["output"].get("label", []):
        (choices[number],) = each["choices"]
    for name, layer in decode_from_annotation("", task["output"].get("brush", [])).items():
        tag = name.removeprefix("-").rpartition("-")[0]
        brushes.setdefault(number, {})[tag] = (layer > 0).astype(int).tolist()
    for each in task["output"].get("polygon", []):
        across, down = each["original_width"] / 100, each["original_height"] / 100
        outline = [at for x, y in each["points"] for at in (x * across, y * down)]
        polygons.append([number, each["polygonlabels"][0], outline])
Path(told).write_text(json.dumps({"choices": choices, "brushes": brushes, "polygons": polygons}))
