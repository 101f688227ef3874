#!/bin/sh
# Makes the virtual environment .venv with the first suitable Python of this machine.
# PYTHON=/path/to/python picks another. The locked packages have wheels for Python 3.11 to 3.14.
set -eu

suitable() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null
}

find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if suitable "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    echo "No Python 3.11 to 3.14 found (looked for: ${PYTHON:-python3, python3.14 to python3.11})." >&2
    echo "Install one (Debian, Ubuntu: apt-get install python3 python3-venv), or name it:" >&2
    echo "  make setup PYTHON=/path/to/python3" >&2
    exit 1
}

# Debian and Ubuntu ship Python without what makes virtual environments.
ensure_venv() {
    if "$1" -c 'import ensurepip, venv' 2>/dev/null; then
        return
    fi
    scripts/apt_install.sh "$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
}

python=$(find_python)
ensure_venv "$python"
echo "  $("$python" --version) in .venv (usually under 10 seconds)"
"$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
    --only-binary :all: --requirement requirements/pip.txt
