"""The encoder is loaded once in a process, whoever asks for it at the same moment."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S
from workbench.config import Settings
from workbench.services.encoding import registry


def test_two_who_need_the_encoder_while_it_is_being_loaded_get_the_same_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading, go_on = threading.Event(), threading.Event()
    loaded: list[object] = []

    def load_encoder(name: str, **_how: object) -> object:
        loading.set()
        assert go_on.wait(PATIENCE_S)
        loaded.append(object())
        return loaded[-1]

    monkeypatch.setattr(registry, "load_encoder", load_encoder)
    settings = Settings(data_dir=tmp_path, encoder="slow", precision="float32")
    found: list[object] = []
    asking = [
        threading.Thread(target=lambda: found.append(registry.encoder_of(settings)))
        for _ in range(2)
    ]
    try:
        for each in asking:
            each.start()
        assert loading.wait(PATIENCE_S)
    finally:
        go_on.set()
        for each in asking:
            each.join()
        registry._loaded.cache_clear()

    assert found == [loaded[0]] * 2
    assert len(loaded) == 1
