"""What FiftyOne holds of our labels; then some of them changed there, and written back."""

import json
import runpy
import sys
from pathlib import Path

import fiftyone as fo
import numpy as np

told, there, back = sys.argv[1:]
dataset = runpy.run_path(there)["dataset"]
found = {
    str(Path(sample.filepath).relative_to(Path("pictures").absolute())): {
        "label": sample.label.label if sample.label else None,
        "regions": {
            each.label: (each.to_segmentation(frame_size=(40, 20)).mask > 0).astype(int).tolist()
            for each in sample.regions.detections
        },
    }
    for sample in dataset
}

first, second = list(dataset)[:2]
first.label = fo.Classification(label="fake")
mask = np.zeros((20, 40), bool)
mask[3:7, 10:30] = True
first.regions.detections.append(fo.Detection.from_mask(mask, "Seen there"))
first.save()
runpy.run_path(back)
Path(told).write_text(json.dumps(found))
