"""What `datasets` reads of our Parquet."""

import json
import runpy
import sys
from pathlib import Path

told, recipe = sys.argv[1:]
held = runpy.run_path(recipe)
rows = [
    {name: each[name] for name in ("file_name", "label", "tags", "regions")}
    for each in held["labels"]
]
training = [each["file_name"] for each in held["training"]]
Path(told).write_text(json.dumps({"rows": rows, "training": training}))
