"""Collections laid out as the field publishes them, with pictures drawn here."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

_seeds = count()
_OF_CAMERA = 0x8769
_FIRST_OF_CAMERA = 0x8822


def picture(format_name: str = "PNG", side: int = 24) -> bytes:
    """An image file like no other."""
    return _saved(format_name, side)


def picture_with_exif(tags: Mapping[int, str], format_name: str = "JPEG") -> bytes:
    """An image file like no other, with EXIF: those of the camera where they belong."""
    exif = Image.Exif()
    for tag, value in tags.items():
        (exif.get_ifd(_OF_CAMERA) if tag >= _FIRST_OF_CAMERA else exif)[tag] = value
    # An `Exif` whose own tags are empty counts as none where it is saved.
    return _saved(format_name, 24, exif=exif.tobytes())


def _saved(format_name: str, side: int, **options: object) -> bytes:
    pixels = np.random.default_rng(next(_seeds)).integers(0, 256, (side, side, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format_name, **options)
    return buffer.getvalue()


def draw(root: Path, *names: str) -> Path:
    """Write a picture under each name below a folder."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture("JPEG" if path.suffix.lower() in (".jpg", ".jpeg") else "PNG"))
    return root


def forensynths(root: Path) -> Path:
    """CNNDetection's test set: generator, class where it has some, 0_real and 1_fake."""
    return draw(
        root,
        "progan/airplane/0_real/00094.png",
        "progan/airplane/1_fake/00094.png",
        "progan/train/0_real/00011.png",
        "progan/train/1_fake/00011.png",
        "crn/0_real/1.png",
        "crn/1_fake/1.png",
    )


def genimage(root: Path) -> Path:
    """GenImage: a folder a generator, train and val, nature and ai."""
    return draw(
        root,
        "BigGAN/imagenet_ai_0419_biggan/train/nature/n01440764_1000.JPEG",
        "BigGAN/imagenet_ai_0419_biggan/train/ai/000_biggan_00075.png",
        "BigGAN/imagenet_ai_0419_biggan/val/nature/ILSVRC2012_val_00000090.JPEG",
        "BigGAN/imagenet_ai_0419_biggan/val/ai/000_biggan_00094.png",
        "ADM/imagenet_ai_0508_adm/train/nature/n01440764_1001.JPEG",
        "ADM/imagenet_ai_0508_adm/train/ai/0_adm_1.png",
    )


def image_folder(root: Path, form: str) -> Path:
    """A Hugging Face image folder with metadata.csv, metadata.jsonl or metadata.parquet."""
    for split in ("train", "test"):
        names = [f"{split}-0.png", f"images/{split}-1.png"]
        draw(root / split, *names)
        rows = [
            {"file_name": name, "label": label, "generator": "flux" if label == "fake" else ""}
            for name, label in zip(names, ("real", "fake"), strict=True)
        ]
        path = root / split / f"metadata.{form}"
        if form == "csv":
            lines = ["file_name,label,generator", *(",".join(row.values()) for row in rows)]
            path.write_text("\n".join(lines))
        elif form == "jsonl":
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        else:
            pq.write_table(pa.Table.from_pylist(rows), path)
    return root


def shards(root: Path, names: tuple[str, ...] | None = ("real", "fake"), each: int = 4) -> Path:
    """A Hugging Face data set as Parquet, images inside and labels as numbers."""
    (root / "data").mkdir(parents=True, exist_ok=True)
    for shard in ("train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001"):
        rows = [
            {"image": {"bytes": picture(), "path": f"{shard}-{number}.png"}, "label": number % 2}
            for number in range(each)
        ]
        label = {"_type": "ClassLabel"} | ({"names": list(names)} if names else {})
        features = {"image": {"_type": "Image"}, "label": label}
        kind = pa.schema(
            [
                ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
                ("label", pa.int64()),
            ],
            metadata={"huggingface": json.dumps({"info": {"features": features}})},
        )
        pq.write_table(pa.Table.from_pylist(rows, schema=kind), root / "data" / f"{shard}.parquet")
    return root
