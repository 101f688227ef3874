"""Pictures taken away, for the tests of them."""

from __future__ import annotations

import io
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from tests.web.conftest import Reader

SVG = "{http://www.w3.org/2000/svg}"


HOSTILE = "<script>alert(\"1\")</script> & 'so'"


def taken(reader: Reader, view: str, kind: str = "svg") -> Any:
    picture, _, query = view.partition("?")
    answer = reader.get(f"/c/faces/export/{picture}.{kind}?{query}")
    assert answer.status_code == 200, answer.text
    return answer


def drawing(reader: Reader, view: str) -> ET.Element:
    return ET.fromstring(taken(reader, view).data)


def pixels(reader: Reader, view: str) -> NDArray[np.uint8]:
    with Picture.open(io.BytesIO(taken(reader, view, "png").data)) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB"))
