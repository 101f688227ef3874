"""What a detector could cheat with: how well facts of the original files predict the label."""

from __future__ import annotations

from collections.abc import Collection as Ids
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, select

from workbench.analysis.hygiene.shortcuts import is_shortcut, predictability
from workbench.analysis.hygiene.traces import MEASURES, OF_FILES, OF_PICTURES, traces
from workbench.analysis.images.alike import Alike, made_alike
from workbench.analysis.intervals import Estimate
from workbench.config import Settings
from workbench.services.encoding.made_alike import alike_of
from workbench.services.sources.originals import Original, read_original
from workbench.store.database import session
from workbench.store.images import LABELS, Collection, Image

MOST_PER_LABEL: Final = 200
"""So many images of a label are looked at; they tell an AUC to about 0.03."""
MOST_PIXELS: Final = 1_500_000_000
"""So many pixels of originals are decoded at most: some ten seconds."""

OF_ROWS: Final = {"format": ("format",), "size": ("width", "height"), "aspect": ("aspect",)}
"""What the collection knows of each file without reading it, by family."""

Facts = NDArray[np.float64]


def measure_shortcuts(
    collection_id: int,
    settings: Settings,
    *,
    left_out: Ids[int] = (),
    labels: Mapping[int, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """Predict the label of a collection's images from how they were saved and framed.

    Returns `auc`, `low` and `high` of all families of facts together, the same of each family
    (`families`) and of statistics that a generator may leave itself (`noted`, no shortcuts); which
    families are a `shortcut`, whether one or all together are (`warned`); how many images it looked
    at (`n`, `real`, `fake`), whether these are only `sampled`, how many originals were `unread`,
    gone or too large. None for an AUC that too few images tell.

    `left_out` images are not looked at; `labels` are those that people decided on. Where the
    collection's images are made alike (`made_alike`), facts are of what they are made.
    """
    alike = alike_of(session().get_one(Collection, collection_id))
    rows, sampled = _sample(collection_id, left_out)
    session().rollback()
    fake = np.array([labels.get(row.id, row.label) == "fake" for row in rows], bool)
    group = np.unique([row.group_key for row in rows], return_inverse=True)[1]
    columns = _of_rows(rows, alike)
    measured, read = _of_originals(rows, settings, alike)

    def of(names: list[str], only: NDArray[np.bool_]) -> Estimate | None:
        table = np.stack([(columns | measured)[name][only] for name in names], axis=1)
        return predictability(table, fake[only], group[only]) if len(table) else None

    everywhere = np.ones(len(rows), bool)
    families = {name: of(list(facts), everywhere) for name, facts in OF_ROWS.items()}
    families |= {name: of(list(facts), read) for name, facts in OF_FILES.items()}
    noted = {name: of(list(facts), read) for name, facts in OF_PICTURES.items()}
    every = [each for facts in (OF_ROWS | OF_FILES).values() for each in facts]
    together = of(every, read) or of([each for own in OF_ROWS.values() for each in own], everywhere)
    shortcut = [name for name, found in families.items() if is_shortcut(found)]
    return {
        **_figures(together),
        "families": {name: _figures(found) for name, found in families.items()},
        "noted": {name: _figures(found) for name, found in noted.items()},
        "shortcut": shortcut,
        "warned": bool(shortcut) or is_shortcut(together),
        "n": len(rows),
        "real": int((~fake).sum()),
        "fake": int(fake.sum()),
        "sampled": sampled,
        "unread": int((~read).sum()),
        "made_alike": _as_json(alike),
    }


def are_of(facts: Mapping[str, Any], alike: Alike | None) -> bool:
    """Whether facts were measured on what images are made now; none from before that was kept."""
    return "made_alike" in facts and facts["made_alike"] == _as_json(alike)


def _as_json(alike: Alike | None) -> dict[str, Any] | None:
    return None if alike is None else asdict(alike)


def _sample(collection_id: int, left_out: Ids[int]) -> tuple[list[Row[Any]], bool]:
    """Images of both labels that are not left out, and whether they are only a part of them."""
    found: list[Row[Any]] = []
    sampled = False
    for label in LABELS:
        # Content hashes are uniform, so the smallest are a fair sample, the same every time.
        ordered = session().execute(
            select(
                Image.id,
                Image.label,
                Image.group_key,
                Image.format,
                Image.width,
                Image.height,
                Image.original_uri,
                Image.content_hash,
            )
            .where(Image.collection_id == collection_id, Image.label == label)
            .order_by(Image.content_hash)
            .limit(MOST_PER_LABEL + len(left_out) + 1)
        )
        kept = [row for row in ordered if row.id not in left_out]
        sampled |= len(kept) > MOST_PER_LABEL
        found += kept[:MOST_PER_LABEL]
    return found, sampled


def _of_rows(rows: list[Row[Any]], alike: Alike | None) -> dict[str, Facts]:
    if alike is not None:
        side = np.array([min(row.width, row.height, alike.side) for row in rows], np.float64)
        same = np.ones(len(rows))
        return {"format": same, "width": side, "height": side, "aspect": same}
    formats = sorted({row.format for row in rows})
    return {
        "format": np.array([formats.index(row.format) for row in rows], np.float64),
        "width": np.array([row.width for row in rows], np.float64),
        "height": np.array([row.height for row in rows], np.float64),
        "aspect": np.array([row.width / row.height for row in rows], np.float64),
    }


def _of_originals(
    rows: list[Row[Any]], settings: Settings, alike: Alike | None
) -> tuple[dict[str, Facts], NDArray[np.bool_]]:
    """The traces in the originals, and which of them could be read."""
    pixels = np.zeros(len(rows))
    order = np.argsort([row.original_uri for row in rows], kind="stable")
    pixels[order] = np.cumsum([rows[at].width * rows[at].height for at in order])
    with ThreadPoolExecutor(2) as pool:
        found = list(
            pool.map(
                lambda at: (
                    _traces(rows[at], settings, alike) if pixels[at] <= MOST_PIXELS else None
                ),
                range(len(rows)),
            )
        )
    read = np.array([each is not None for each in found], bool)
    return {
        name: np.array([each[name] if each else np.nan for each in found], np.float64)
        for name in MEASURES
    }, read


def _traces(row: Row[Any], settings: Settings, alike: Alike | None) -> dict[str, float] | None:
    """None for an original that is gone, or that lies in a file of many."""
    if "#" in row.original_uri or row.width * row.height > settings.max_pixels:
        return None
    try:
        content = read_original(Original(row.original_uri, row.content_hash), settings)
        if alike is not None:
            content = made_alike(content, alike, max_pixels=settings.max_pixels)
        return traces(content)
    except Exception:  # noqa: BLE001 - whatever a decoder raises, the others tell as much
        return None


def _figures(found: Estimate | None) -> dict[str, float | None]:
    if found is None:
        return {"auc": None, "low": None, "high": None}
    return {
        "auc": round(found.value, 4),
        "low": round(found.low, 4),
        "high": round(found.high, 4),
    }
