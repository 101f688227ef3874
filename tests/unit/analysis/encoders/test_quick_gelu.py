"""A checkpoint that needs the other activation is warned about, as far as it can be known."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import pytest

from workbench.analysis.encoders import quick_gelu
from workbench.analysis.encoders.quick_gelu import (
    ActivationWarning,
    _known,
    warn_of_other_activation,
)


def warned(model: str, file: Path) -> str:
    """The warning for this model and file; empty where there is none."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        warn_of_other_activation(model, file)
    assert all(each.category is ActivationWarning for each in found)
    return " ".join(str(each.message) for each in found)


@pytest.mark.parametrize(
    ("model", "name", "remedy"),
    [
        ("ViT-B-32", "vit_b_32-quickgelu-laion400m_e32-46683a32.pt", "ViT-B-32-quickgelu@"),
        ("ViT-B-32", "ViT-B-32.pt", "ViT-B-32-quickgelu@"),
        ("ViT-L-14", "my-quick_gelu-finetune.pt", "ViT-L-14-quickgelu@"),
        ("ViT-B-16-quickgelu", "vit_b_16-laion400m_e32-55e67d44.pt", "ViT-B-16@"),
        ("ViT-B-16-plus-240", "a-quickgelu.pt", "open_clip has no model ViT-B-16-plus-240-quick"),
    ],
)
def test_a_name_that_is_known_or_says_so_is_compared_with_the_model(
    model: str, name: str, remedy: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(b"weights")

    assert remedy in warned(model, file)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("ViT-B-32-quickgelu", "vit_b_32-quickgelu-laion400m_e32-46683a32.pt"),
        ("ViT-B-16", "vit_b_16-laion400m_e32-55e67d44.pt"),
        ("ViT-B-32", "mine.pt"),
        ("ViT-B-32-quickgelu", "mine.pt"),
    ],
)
def test_what_fits_or_cannot_be_known_is_not_warned_about(
    model: str, name: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(b"weights")

    assert not warned(model, file)


def test_a_known_file_is_known_by_its_content_under_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "vit_b_16-laion400m_e32-55e67d44.pt"
    file.write_bytes(b"weights that need it")
    sha256 = hashlib.sha256(b"weights that need it").hexdigest()
    monkeypatch.setattr(
        quick_gelu, "_known", lambda: (quick_gelu._Known("theirs.pt", sha256[:8], True),)
    )

    message = warned("ViT-B-32", file)

    assert "trained with QuickGELU, by its SHA-256, that of theirs.pt" in message
    assert "ViT-B-32 computes without it" in message


def test_open_clips_own_list_says_what_each_file_needs() -> None:
    known = {each.file: each for each in _known()}

    assert known["vit_b_32-quickgelu-laion400m_e32-46683a32.pt"].quick_gelu
    assert known["vit_b_32-quickgelu-laion400m_e32-46683a32.pt"].sha256 == "46683a32"
    assert not known["vit_b_16-laion400m_e32-55e67d44.pt"].quick_gelu
    assert len(known["ViT-B-32.pt"].sha256) == 64
