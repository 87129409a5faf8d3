#!/bin/sh
# Runs the tests on the package that is staged in the working directory.
here=$(dirname "$0")
if ! "$1" -c 'import pytest, hypothesis' 2>/dev/null; then
    echo "skipped: this Python has no pytest or no hypothesis; scripts/install-dependencies.sh brings them"
    exit 77
fi
PYTHONPATH=. PYTHONDONTWRITEBYTECODE=1 exec "$1" -m pytest -q -p no:cacheprovider "$here"
