"""Estimation of a JPEG's quality setting from its quantisation table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

# ITU-T T.81, table K.1 (luminance), row by row.
_STANDARD_LUMINANCE: Final = (
    *(16, 11, 10, 16, 24, 40, 51, 61),
    *(12, 12, 14, 19, 26, 58, 60, 55),
    *(14, 13, 16, 24, 40, 57, 69, 56),
    *(14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77),
    *(24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101),
    *(72, 92, 95, 98, 112, 100, 103, 99),
)


def _table_sum(quality: int) -> int:
    # libjpeg, jcparam.c: jpeg_quality_scaling and jpeg_add_quant_table, baseline (8 bits).
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return sum(min(max((entry * scale + 50) // 100, 1), 255) for entry in _STANDARD_LUMINANCE)


_SUMS: Final = {quality: _table_sum(quality) for quality in range(1, 101)}


def estimate_quality(tables: Mapping[int, Sequence[int]]) -> int | None:
    """Estimate the libjpeg quality (1 to 100) from quantisation tables of 64 entries, by number.

    Exact for files written by libjpeg with its standard tables; for other tables (cameras,
    Photoshop) the quality whose standard table has the nearest sum. Only the luminance table (the
    lowest number) counts, and not the order of its entries.
    None where there is no table.
    """
    if not tables:
        return None
    return _nearest(sum(tables[min(tables)]))


@cache
def _nearest(total: int) -> int:
    return min(_SUMS, key=lambda quality: (abs(_SUMS[quality] - total), -quality))
