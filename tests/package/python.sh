#!/bin/sh
# python.sh PYTHON DIRECTORY: what bindings/python/README.md says under "Install", on a fresh clone of
# what is committed (in DIRECTORY) and into a fresh environment; then uses what was installed there.
set -eu
. "$(dirname "$0")/begin.sh"
python=$1
directory=$2
source=$(cd "$here/../.." && pwd)

skip() {
    echo "skipped: $1"
    exit 77
}
git -C "$source" rev-parse HEAD >/dev/null 2>&1 || skip "this tree is no clone of a repository"
"$python" -m venv "$work/venv" >"$log" 2>&1 || skip "$python makes no environments; is python3-venv there?"
# pip builds packages with tools that it downloads itself.
"$work/venv/bin/pip" download -q --no-deps -d "$work/tools" setuptools wheel >"$log" 2>&1 ||
    skip "pip cannot get setuptools; is there a network?"

# Always in the same place, so that ccache knows the sources again.
rm -rf "$directory"
git clone -q "$source" "$directory" >"$log" 2>&1 || fail "the repository cannot be cloned"
cd "$directory"
"$work/venv/bin/pip" install ./bindings/python >"$log" 2>&1 || fail "pip install ./bindings/python failed"
left=$(git status --porcelain)
[ -z "$left" ] || fail "the build has left in the clone: $left"

# Nothing of the clone is needed any more.
sed -n '/^```python$/,/^```$/p' bindings/python/README.md | grep -v '^```' >"$work/readme.py"
cp examples/point_of_sale.py examples/point_of_sale.txt "$work"
rm -rf "$directory"
mkdir "$work/readme" "$work/shop"
cd "$work/readme"
"$work/venv/bin/python" "$work/readme.py" >"$work/printed" 2>"$log" || fail "the README's example failed"
grep -q '^milk$' "$work/printed" || fail "the README's example printed something else"
cd "$work/shop"
"$work/venv/bin/python" "$work/point_of_sale.py" >"$work/printed" 2>"$log" || fail "the point of sale failed"
cmp "$work/printed" "$work/point_of_sale.txt" || fail "the point of sale printed something else"
"$work/venv/bin/python" - <<'END' || fail "the package's parts are of different versions"
import importlib.metadata

import kigumi

assert importlib.metadata.version("kigumi") == kigumi.__version__
END
echo "pip install: built from a clone, installed and used"
