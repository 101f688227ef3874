"""Labels from tasks of Label Studio: choices, brushes, polygons and rectangles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from flask_babel import gettext

from workbench.analysis.regions.masks import run_lengths
from workbench.services.errors import InvalidError
from workbench.services.interchange import brush, fields
from workbench.services.interchange.documents_in import document
from workbench.services.interchange.incoming import (
    Incoming,
    IncomingRegion,
    IncomingTag,
    LineError,
    RowError,
)

_KINDS: Final = ("brushlabels", "polygonlabels", "rectanglelabels")


def read_label_studio(path: Path) -> Iterator[Incoming | RowError]:
    """Each task by its number from 1, with its newest annotation that was not cancelled."""
    found = document(path)
    if not isinstance(found, list):
        raise InvalidError(gettext("This is no export of Label Studio: it is no list of tasks."))
    for number, task in enumerate(found, start=1):
        try:
            yield _task(number, task)
        except LineError as error:
            yield RowError(number, error.column, error.words)


def _task(number: int, task: object) -> Incoming:
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        raise LineError("data", gettext("This task has no data."))
    data = task["data"]
    annotations = [
        each for each in fields.items(task, "annotations") if not each.get("was_cancelled")
    ]
    results = fields.items(annotations[-1], "result") if annotations else []
    said = _choice(results)
    return Incoming(
        line=number,
        content_hash=fields.text(data, "content_hash"),
        file_name=_file_name(fields.text(data, "image")),
        decision=said if said in {"unsure", "exclude"} else None,
        label=said if said in {"real", "fake"} else None,
        reason=fields.reason(data),
        regions=tuple(_regions(results)),
    )


def _file_name(address: str) -> str:
    """The file of an address: what stands after `?d=` of local files, else its path."""
    parts = urlsplit(address)
    query = dict(each.partition("=")[::2] for each in parts.query.split("&"))
    path = unquote(query.get("d", "") or parts.path)
    return path if not parts.scheme and not query.get("d") else PurePosixPath(path).name


def _choice(results: list[dict[str, Any]]) -> str | None:
    for each in results:
        if each.get("type") == "choices":
            choices = _value(each).get("choices")
            if not isinstance(choices, list) or len(choices) != 1:
                raise LineError("choices", gettext("Exactly one choice is needed."))
            return fields.decision({"choices": choices[0]}, "choices")
    return None


def _regions(results: list[dict[str, Any]]) -> Iterator[IncomingRegion]:
    """Marks of one name, but for the number of their part, are one region."""
    outlines: defaultdict[str, list[IncomingRegion]] = defaultdict(list)
    for each in results:
        kind = each.get("type")
        if kind not in _KINDS:
            continue
        size = _side(each, "original_width"), _side(each, "original_height")
        value = _value(each)
        tags = _tags(value, kind)
        if kind == "brushlabels":
            yield IncomingRegion(size, tags, (0, 0, *size), _brush(value, size))
            continue
        points = _points(value, size) if kind == "polygonlabels" else _rectangle(value, size)
        tool = "polygon" if kind == "polygonlabels" else "box"
        name, dash, part = str(each.get("id")).rpartition("-")
        key = name if dash and part.isdecimal() and name.startswith("region-") else str(id(each))
        outlines[key].append(IncomingRegion(size, tags, outlines=(points,), tool=tool))
    for parts in outlines.values():
        joined = tuple(outline for part in parts for outline in part.outlines)
        yield IncomingRegion(parts[0].size, parts[0].tags, outlines=joined, tool=parts[0].tool)


def _value(result: Mapping[str, Any]) -> dict[str, Any]:
    value = result.get("value")
    if not isinstance(value, dict):
        raise LineError("value", gettext("This result has no value."))
    return value


def _side(result: Mapping[str, Any], name: str) -> int:
    value = result.get(name)
    if type(value) is not int or not 1 <= value <= 1_000_000:
        raise LineError(name, gettext("The size of the picture is missing."))
    return value


def _tags(value: Mapping[str, Any], kind: str) -> tuple[IncomingTag, ...]:
    names = value.get(kind)
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise LineError(kind, gettext("This mark has no tags."))
    return tuple(IncomingTag(each) for each in names)


def _brush(value: Mapping[str, Any], size: tuple[int, int]) -> str:
    rle = value.get("rle")
    if value.get("format") != "rle" or not isinstance(rle, list):
        raise LineError("rle", gettext("This brush has no run lengths."))
    try:
        return run_lengths(brush.decode(rle, *size))
    except brush.BrokenRunsError as error:
        raise LineError(
            "rle", gettext("These run lengths are broken: %(why)s.", why=str(error))
        ) from error


def _points(value: Mapping[str, Any], size: tuple[int, int]) -> tuple[tuple[float, float], ...]:
    points = value.get("points")
    if not isinstance(points, list) or not all(
        isinstance(each, list)
        and len(each) == 2
        and all(isinstance(at, int | float) for at in each)
        for each in points
    ):
        raise LineError("points", gettext("These are no points."))
    width, height = size
    return tuple((x * width / 100, y * height / 100) for x, y in points)


def _rectangle(value: Mapping[str, Any], size: tuple[int, int]) -> tuple[tuple[float, float], ...]:
    try:
        x, y, across, down = (float(value[name]) for name in ("x", "y", "width", "height"))
    except (KeyError, TypeError, ValueError) as error:
        raise LineError("value", gettext("This rectangle has no corners.")) from error
    corners = [[x, y], [x + across, y], [x + across, y + down], [x, y + down]]
    return _points({"points": corners}, size)
