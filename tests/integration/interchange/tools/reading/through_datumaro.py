"""Our CVAT file against its schema, read by Datumaro, CVAT's own library, and written by it."""

import json
import sys
from pathlib import Path

from datumaro.components.annotation import AnnotationType
from datumaro.components.dataset import Dataset
from lxml import etree
from pycocotools import mask as masks

told, schema = sys.argv[1:]
rules = etree.XMLSchema(etree.parse(schema))
rules.validate(etree.parse("labels/annotations.xml"))

dataset = Dataset.import_from("labels", "cvat")
names = [each.name for each in dataset.categories()[AnnotationType.label]]
found = {}
for item in dataset:
    tags, regions = [], {}
    for each in item.annotations:
        if each.type == AnnotationType.label:
            tags.append([names[each.label], each.attributes["reason"]])
        elif each.type == AnnotationType.mask:
            regions[names[each.label]] = each.image.astype(int).tolist()
        else:
            (drawn,) = masks.frPyObjects([each.points], 20, 40)
            regions[names[each.label]] = masks.decode(drawn).tolist()
    found[item.attributes["frame"]] = {"tags": tags, "regions": regions}
dataset.export("back", "cvat", reindex=False)
written = [str(each) for each in Path("back").glob("*.xml")]
mistakes = [str(each) for each in rules.error_log]
Path(told).write_text(json.dumps({"mistakes": mistakes, "found": found, "written": written}))
