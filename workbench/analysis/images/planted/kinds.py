"""The kinds of artefact, by family, and which of them are kept aside."""

from __future__ import annotations

from typing import Final

from workbench.analysis.images.planted import (
    blending,
    colour,
    compression,
    resampling,
    structure,
    texture,
    warping,
)
from workbench.analysis.images.planted.arrays import Edit, Fill

EDITS: Final[dict[str, Edit]] = {
    "blur": resampling.blur,
    "checkerboard": resampling.checkerboard,
    "mode_filter": texture.mode_filter,
    "colour_cast": colour.colour_cast,
    "sensor_noise": texture.sensor_noise,
    "nearest_upsampling": resampling.nearest_upsampling,
    "jpeg_blocks": compression.jpeg_blocks,
    "ripple": warping.ripple,
    "row_jitter": warping.row_jitter,
    "over_smoothing": texture.over_smoothing,
    "over_sharpening": texture.over_sharpening,
    "spectral_peaks": texture.spectral_peaks,
    "chromatic_shift": colour.chromatic_shift,
    "posterising": colour.posterising,
    "ghost": blending.ghost,
    "copy_move": blending.copy_move,
    "motion_blur": resampling.motion_blur,
    "ringing": resampling.ringing,
    "wavelet": compression.wavelet,
    "elastic_warp": warping.elastic_warp,
    "demosaicing": texture.demosaicing,
    "desaturation": colour.desaturation,
    "pasted_patch": blending.pasted_patch,
    "merged_structure": structure.merged_structure,
}
"""Edits that do not depend on the region."""

FILLS: Final[dict[str, Fill]] = {
    "tiling": blending.tiling,
    "missing_structure": structure.missing_structure,
    "mirroring": blending.mirroring,
}
"""Edits that are made for one region."""

FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "focus": ("blur", "motion_blur"),
    "resampling": ("checkerboard", "nearest_upsampling", "ringing"),
    "compression": ("jpeg_blocks", "wavelet"),
    "warping": ("ripple", "row_jitter", "elastic_warp"),
    "texture": (
        "mode_filter",
        "sensor_noise",
        "over_smoothing",
        "over_sharpening",
        "spectral_peaks",
        "demosaicing",
    ),
    "colour": ("colour_cast", "chromatic_shift", "posterising", "desaturation"),
    "blending": ("ghost", "pasted_patch"),
    "repetition": ("copy_move", "tiling", "mirroring"),
    "structure": ("missing_structure", "merged_structure"),
}
"""Every kind is in one family."""

KINDS: Final = tuple(kind for kinds in FAMILIES.values() for kind in kinds)

ASIDE_KINDS: Final = (
    "motion_blur",
    "ringing",
    "wavelet",
    "elastic_warp",
    "demosaicing",
    "desaturation",
    "pasted_patch",
    "mirroring",
    "merged_structure",
)
"""Kinds kept aside: one of each family, to measure on and never to choose by.

No method, parameter or threshold of the workbench is chosen by what it does on these kinds, or
because of them; a kind never moves from here to `BUILD_KINDS` or back. What is reported on them
(`..._unseen_kinds`) then speaks for artefacts that nobody has thought of.
"""

BUILD_KINDS: Final = tuple(kind for kind in KINDS if kind not in ASIDE_KINDS)
"""Kinds to build with: everything may be chosen by them."""
