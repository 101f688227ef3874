"""Our COCO through FiftyOne's own reader and writer: how many images and what lies on them."""

import json
import sys
from pathlib import Path

import fiftyone as fo

(told,) = sys.argv[1:]
kind = fo.types.COCODetectionDataset
dataset = fo.Dataset.from_dir(
    dataset_type=kind,
    data_path="pictures",
    labels_path="labels.coco.json",
    label_types="segmentations",
    label_field="regions",
)
found = {
    str(Path(sample.filepath).relative_to(Path("pictures").absolute())): {
        each.label: (each.to_segmentation(frame_size=(40, 20)).mask > 0).astype(int).tolist()
        for each in (sample.regions.detections if sample.regions else [])
    }
    for sample in dataset
}
dataset.export(
    dataset_type=kind, labels_path="back.coco.json", label_field="regions", export_media=False
)
Path(told).write_text(json.dumps(found))
