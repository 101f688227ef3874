"""Cells, patterns and descriptions of versions without some of their images: counted anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.orm import Session

from workbench.analysis.layout.cells import summary_of
from workbench.services.columns.layouts import LayoutColumns
from workbench.services.columns.store import ColumnStore, column_store
from workbench.services.errors import UnavailableError
from workbench.services.pipeline.cells import values_of
from workbench.store.database import session
from workbench.store.descriptions import DimensionDescription, PatternDescription
from workbench.store.outcomes import OUTCOMES
from workbench.store.results import Cell, Pattern, PixelGroup


@dataclass(frozen=True)
class CellChange:
    """A cell that held a removed image. `values`: of what is left; None where nothing is."""

    version_id: int
    layout: str
    level: int
    row: int
    column: int
    values: dict[str, Any] | None


def cells_without(version_id: int, image_ids: Sequence[int]) -> list[CellChange]:
    """The cells of a version that hold these images, as they are without them."""
    try:
        store = column_store(version_id)
    except UnavailableError:  # its results are lost; nobody sees cells of it
        return []
    rows = store.rows_of(image_ids)
    return [
        _change(store, layout, level, at, rows)
        for layout in store.layouts
        for level in range(layout.coarsest, layout.finest + 1)
        for at in {layout.place_of(int(row), level) for row in rows}
    ]


def _change(
    store: ColumnStore,
    layout: LayoutColumns,
    level: int,
    at: tuple[int, int],
    going: NDArray[np.int64],
) -> CellChange:
    row, column = at
    inside = layout.within(level, column, row, 1, 1)
    inside[going] = False
    members = np.flatnonzero(inside)
    values = None
    if len(members):
        cell = summary_of(
            np.arange(len(members)),
            (level, row, column),
            store.outcomes[members],
            store.p[members],
            store.sensitivity[members],
            store.activations[:, members].T,
            kinds=len(OUTCOMES),
        )
        values = values_of(cell, store.image_ids[members])
    return CellChange(store.version_id, layout.name, level, row, column, values)


def write_cells(write: Session, changes: Sequence[CellChange], image_ids: Collection[int]) -> None:
    """Write the cells as they are without these images."""
    for each in changes:
        here = and_(
            Cell.version_id == each.version_id,
            Cell.layout == each.layout,
            Cell.level == each.level,
            Cell.row == each.row,
            Cell.column == each.column,
        )
        if each.values is None:
            write.execute(delete(Cell).where(here))
        else:
            write.execute(update(Cell).where(here).values(each.values))
    # Of a version whose results are lost, so that nothing could be counted.
    write.execute(delete(Cell).where(Cell.exemplar_id.in_(image_ids)))


def lonely_patterns(groups: Sequence[PixelGroup]) -> list[int]:
    """The patterns that have no members but these."""
    going: defaultdict[int, int] = defaultdict(int)
    for each in groups:
        if each.pattern_id is not None:
            going[each.pattern_id] += 1
    return [each for each, members in _members(going) if going[each] == members]


def _members(pattern_ids: Collection[int]) -> list[tuple[int, int]]:
    found = session().execute(
        select(PixelGroup.pattern_id, func.count())
        .where(PixelGroup.pattern_id.in_(pattern_ids))
        .group_by(PixelGroup.pattern_id)
    )
    return [(pattern_id, members) for pattern_id, members in found if pattern_id is not None]


def delete_groups(write: Session, groups: Sequence[PixelGroup], lonely: Sequence[int]) -> None:
    """Delete pixel groups, with the patterns that have no other member."""
    write.flush()
    of_pattern = _by_pattern(groups)
    ids = [each.id for each in groups]
    write.execute(
        delete(PixelGroup).where(PixelGroup.id.in_(ids)),
        execution_options={"synchronize_session": False},
    )
    of_them = PatternDescription.pattern_id.in_(lonely)
    write.execute(delete(PatternDescription).where(of_them))
    write.execute(delete(Pattern).where(Pattern.id.in_(lonely)))
    _count_patterns_anew(write, of_pattern)


def _by_pattern(groups: Sequence[PixelGroup]) -> dict[int, list[list[float]]]:
    """The contributions by dimension of groups, by their pattern."""
    found: defaultdict[int, list[list[float]]] = defaultdict(list)
    for each in groups:
        if each.pattern_id is not None:
            found[each.pattern_id].append(each.by_dimension)
    return found


def _count_patterns_anew(write: Session, lost: dict[int, list[list[float]]]) -> None:
    """Bring patterns' figures up to date once some of their groups are deleted.

    Effects and stability stay: they were measured, on images of which these are few.
    """
    for pattern in write.scalars(select(Pattern).where(Pattern.id.in_(lost))):
        left, images, mean, squares = write.execute(
            select(
                func.count(),
                func.count(PixelGroup.image_id.distinct()),
                func.avg(PixelGroup.contribution),
                func.avg(PixelGroup.contribution * PixelGroup.contribution),
            ).where(PixelGroup.pattern_id == pattern.id)
        ).one()
        profile = np.array(pattern.profile) * pattern.groups
        profile -= np.sum(lost[pattern.id], axis=0)
        pattern.profile = [float(f"{value:.6g}") for value in profile / left]
        pattern.groups, pattern.images = left, images
        pattern.mean_contribution = mean
        pattern.spread_contribution = sqrt(max(squares - mean**2, 0.0))


def subtract_evidence(write: Session, gone: Sequence[PixelGroup]) -> None:
    """Take the evidence of these groups out of what descriptions sum up."""
    of_version: defaultdict[int, list[PixelGroup]] = defaultdict(list)
    of_pattern: defaultdict[int, list[PixelGroup]] = defaultdict(list)
    for each in gone:
        of_version[each.version_id].append(each)
        if each.pattern_id is not None:
            of_pattern[each.pattern_id].append(each)
    for version_id, groups in of_version.items():
        evidence = np.abs([each.by_dimension for each in groups]).sum(axis=0)
        dimensions = select(DimensionDescription).where(
            DimensionDescription.version_id == version_id
        )
        for dimension in write.scalars(dimensions):
            rest = dimension.in_groups - float(evidence[dimension.dimension])
            dimension.in_groups = max(rest, 0.0)
    described = PatternDescription.pattern_id.in_(of_pattern)
    for pattern in write.scalars(select(PatternDescription).where(described)):
        groups = of_pattern[pattern.pattern_id]
        lost = np.abs([each.by_dimension for each in groups]).sum(axis=0)
        rest_by_dimension = np.maximum(np.array(pattern.by_dimension) - lost, 0.0)
        pattern.by_dimension = rest_by_dimension.tolist()
        whole = sum(abs(each.contribution) for each in groups)
        pattern.evidence = max(pattern.evidence - whole, 0.0)


def forget_patches(
    write: Session, version_ids: Collection[int], image_ids: Collection[int]
) -> list[tuple[int, int, int]]:
    """Take these images' patches out of dimensions' strongest: version, dimension, image each."""
    gone = []
    described = DimensionDescription.version_id.in_(version_ids)
    for found in write.scalars(select(DimensionDescription).where(described)):
        going = [each[0] for each in found.strongest if each[0] in image_ids]
        if going:
            found.strongest = [each for each in found.strongest if each[0] not in image_ids]
            gone += [(found.version_id, found.dimension, each) for each in going]
    return gone
