"""Progress bars on standard error."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from tqdm import tqdm


class Bar:
    """A Progress that draws a bar for each stage, with its rate and the time left."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._stage = ""

    def advance(self, done: int, total: int, stage: str) -> None:
        """Move the bar; a new stage begins a new one."""
        if self._bar is None or stage != self._stage or total != self._bar.total:
            self.close()
            self._stage = stage
            # What was finished by an earlier call must not count into this one's rate.
            self._bar = tqdm(total=total, initial=done, desc=stage, unit="", file=sys.stderr)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Leave the last bar on screen."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


@contextmanager
def progress_bar(*, interrupted: str) -> Iterator[Bar]:
    """Lend a bar; Ctrl-C or SIGTERM meanwhile becomes a ClickException with this message.

    Both are raised as KeyboardInterrupt, so that work ends in order: a run goes back into the
    queue, an import writes down that it was interrupted.
    """
    bar = Bar()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield bar
    except KeyboardInterrupt:
        raise click.ClickException(interrupted) from None
    finally:
        signal.signal(signal.SIGTERM, before)
        bar.close()
