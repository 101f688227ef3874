#!/bin/sh
# Writes requirements/*.txt from pyproject.toml and requirements/*.in, and package-lock.json from
# package.json. Run by `make lock` after a dependency changed; UPGRADE=1 also takes newer releases.
set -eu

uv=.venv/bin/uv
upgrade=${UPGRADE:+--upgrade}

# One resolution for every supported Python and platform; the files name no index, so that a
# mirror serves as well as the original.
compile() {
    output=$1
    shift
    echo "  $output"
    touch "$output"
    # shellcheck disable=SC2086 # $upgrade is one word or none
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header $upgrade --output-file "$output" "$@"
    {
        echo "# Locked by \`make lock\`; change pyproject.toml or requirements/*.in, then run it again."
        cat "$output"
    } >"$output.new"
    mv "$output.new" "$output"
}

compile requirements/run.txt --extra demo pyproject.toml
compile requirements/test.txt --extra demo --extra test --constraint requirements/run.txt pyproject.toml
compile requirements/tools.txt --only-binary :all: --override requirements/tools.overrides requirements/tools.in
for source in requirements/*.in; do
    case $source in requirements/tools.in) continue ;; esac
    compile "${source%.in}.txt" --no-deps "$source"
done

echo "  package-lock.json"
.venv/bin/python scripts/frontend.py --lock
