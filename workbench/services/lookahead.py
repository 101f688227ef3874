"""Steps of a long pass that overlap: each works in threads of its own, a bounded way ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def ahead(
    work: Callable[[Given], Made], items: Iterable[Given], *, threads: int, depth: int
) -> Generator[Made]:
    """`work` of each item, in their order, done in threads while the caller uses earlier ones.

    At most `depth` items are under way or waiting to be taken, however many there are; so memory
    does not grow with their number. `items` itself is iterated in the caller's thread, and may be
    another such step. An error is raised in the place of its item. When the caller is done, or
    closes the generator, what has not begun is dropped, here and in the steps before.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix=getattr(work, "__name__", "ahead"))
    waiting: deque[Future[Made]] = deque()
    given = _Given(items)
    try:
        for item in given:
            waiting.append(pool.submit(work, item))
            del item
            if len(waiting) >= depth:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
        if given.error is not None:
            raise given.error
    finally:
        # Of the steps before as well, and before anything is waited for.
        for each in waiting:
            each.cancel()
        if isinstance(items, Generator):
            items.close()
        pool.shutdown(cancel_futures=True)


class _Given(Iterator[Given]):
    """Items up to the first error, which is kept: what came before it is finished first."""

    def __init__(self, items: Iterable[Given]) -> None:
        self.error: Exception | None = None
        self._items = iter(items)

    def __next__(self) -> Given:
        try:
            return next(self._items)
        except StopIteration:
            raise
        except Exception as error:
            self.error = error
            raise StopIteration from error
