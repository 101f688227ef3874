"""MobileStyleGAN (Belousov, arXiv 2104.04767), from the files that the package random-face carries.

The package's own code needs an OpenVINO of 2021 and is not used. A latent vector becomes a style
by the mapping network; the style is drawn toward the mean style (truncation); the synthesis
network makes a face of 1024 x 1024 pixels from it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import openvino
from jaxtyping import Float32, UInt8
from numpy.typing import NDArray
from PIL import Image

from workbench.services.demo.downloads import read_members

STYLE_SIZE: Final = 512

_TRUNCATION: Final = 0.8
"""0 is always the mean face, 1 the network's whole range with its failures. The package uses 0.5,
which gives faces too much alike."""

_MEAN_OF: Final = 4096
_ENDS: Final = ("xml", "bin")

# Full precision: where the processor can, OpenVINO would compute in bfloat16, with other pixels.
_EXACTLY: Final = {"INFERENCE_PRECISION_HINT": "f32"}


class MobileStyleGan:
    """Faces from latent vectors. Compiling the networks takes a second or two."""

    def __init__(self, archive: Path, rng: np.random.Generator) -> None:
        core = openvino.Core()
        parts = [f"data/{part}Network.{end}" for part in ("Mapping", "Synthesis") for end in _ENDS]
        files = read_members(archive, parts)
        mapping, synthesis = (
            core.read_model(files[parts[at]], files[parts[at + 1]]) for at in (0, 2)
        )
        self._mapping = core.compile_model(mapping, "CPU", _EXACTLY)
        self._synthesis = core.compile_model(synthesis, "CPU", _EXACTLY)
        mapping.reshape([_MEAN_OF, STYLE_SIZE])
        many = core.compile_model(mapping, "CPU", _EXACTLY)
        styles = _outcome(many(rng.standard_normal((_MEAN_OF, STYLE_SIZE), dtype=np.float32)))
        self._mean_style = styles.mean(axis=0, keepdims=True)

    def face(self, latent: Float32[np.ndarray, " latent"]) -> Image.Image:
        """The face of a latent vector (standard normal): 1024 x 1024 pixels, RGB."""
        style = _outcome(self._mapping(latent[None]))
        truncated = self._mean_style + _TRUNCATION * (style - self._mean_style)
        picture = _outcome(self._synthesis(truncated))[0]
        return Image.fromarray(_to_bytes(picture))


def _outcome(result: Any) -> NDArray[np.float32]:
    """A network's only output."""
    return np.asarray(result[0], dtype=np.float32)


def _to_bytes(picture: Float32[np.ndarray, "3 h w"]) -> UInt8[np.ndarray, "h w 3"]:
    """From channels first in [-1, 1] to rows, columns, channels in 0 to 255."""
    scaled = (np.clip(picture, -1.0, 1.0) + 1.0) * 127.5
    return np.asarray(np.rint(scaled).transpose(1, 2, 0), dtype=np.uint8)
