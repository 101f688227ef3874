"""Pages that find an index missing: a few wait for it a little, the others are told at once."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import pytest

from tests.support.patience import PATIENCE_S
from workbench.services.similar import on_demand
from workbench.services.similar.on_demand import WAITING


def test_of_many_pages_only_a_few_threads_wait_for_an_index(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(on_demand, "PATIENCE_SECONDS", 60.0)
    making = on_demand._Making()
    asked = 8
    with ThreadPoolExecutor(asked) as threads:
        pages = [threads.submit(on_demand._awaited, making) for _ in range(asked)]
        told = wait(pages, timeout=PATIENCE_S, return_when=FIRST_COMPLETED).done
        while len(told) < asked - WAITING:
            told = {each for each in pages if each.done()}
        assert not any(each.result() for each in told)
        making.ended.set()
        rest = [each.result(timeout=PATIENCE_S) for each in pages if each not in told]

    assert rest == [True] * WAITING
