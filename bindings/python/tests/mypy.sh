#!/bin/sh
# Checks the types of the package that is staged in the working directory, and of its tests.
here=$(dirname "$0")
if ! command -v mypy >/dev/null; then
    echo "skipped: there is no mypy; scripts/install-dependencies.sh brings it"
    exit 77
fi
exec mypy --strict --cache-dir=/dev/null --config-file "$here/../pyproject.toml" kigumi "$here"/*.py
