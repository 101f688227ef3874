"""What this machine's encoder computes in: bfloat16 only where that is seen to be faster."""

from __future__ import annotations

import json
import platform
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import get_args

import torch
from torch import Tensor
from torch.nn import functional

from workbench.analysis.encoders.protocol import Precision
from workbench.config import Settings
from workbench.files import write_whole

PRECISIONS: tuple[Precision, ...] = get_args(Precision)
WORTH_WHILE = 1.3
"""So many times faster than float32 must bfloat16 be: in software it is slower, by far."""
REPETITIONS = 30


def precision_of(settings: Settings) -> Precision:
    """The settings' precision; for `auto`, what was measured on this processor once.

    The measurement takes a few hundredths of a second. It is kept in the cache directory with the
    processor's name, so that an encoder's fingerprint stays the same on one machine.
    """
    if settings.precision != "auto":
        return settings.precision
    path = settings.cache_dir / "precision.json"
    known = _read(path)
    processor = f"{processor_name(settings.device)}, torch {torch.__version__}"
    if processor not in known:
        known[processor] = bfloat16_speedup(settings.device)
        write_whole(path, json.dumps(known, indent=1).encode())
    return "bfloat16" if known[processor] >= WORTH_WHILE else "float32"


def processor_name(device: str) -> str:
    """What computes on a torch device, as the operating system or the driver calls it."""
    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts: dict[str, str] = {}
    for line in lines:
        name, _, value = (part.strip() for part in line.partition(":"))
        # The name alone may be that of several generations.
        if name in ("model name", "cpu family", "model"):
            facts.setdefault(name, value)
    return " ".join(facts.values()) or platform.machine()


@cache
def bfloat16_speedup(device: str) -> float:
    """How many times faster than float32 a layer as an encoder has it is.

    Best of many, in turn: what else the machine does meanwhile must not decide.
    """
    layers = [_layer(device, dtype) for dtype in (torch.float32, torch.bfloat16)]
    for layer in layers:
        _seconds(*layer)  # prepares what is kept for the next
    times = [[_seconds(*layer) for layer in layers] for _ in range(REPETITIONS)]
    return min(each[0] for each in times) / min(each[1] for each in times)


def _layer(device: str, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    tokens = torch.ones(256, 768, device=device, dtype=dtype)
    return tokens, torch.ones(768, 768, device=device, dtype=dtype)


def _seconds(tokens: Tensor, weight: Tensor) -> float:
    start = perf_counter()
    with torch.inference_mode():
        # Taking a number out waits for a device that works by itself.
        functional.linear(tokens, weight)[0, 0].item()
    return perf_counter() - start


def _read(path: Path) -> dict[str, float]:
    try:
        known = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {name: value for name, value in known.items() if isinstance(value, float)}
