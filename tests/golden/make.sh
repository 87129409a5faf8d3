#!/bin/sh
# make.sh BIN_DIR FORMAT: writes the golden files of a new version of the formats, beside this
# script: make.sh build/release/bin format-2. Those of a released version are never written again.
set -eu
bin=$1
into=$(dirname "$0")/$2
[ ! -e "$into" ] || { echo "make.sh: $into is there already" >&2; exit 1; }
"$bin/make_golden" "$into"
mkdir -p "$into/messages"
cp "$(dirname "$0")"/../../fuzz/corpus/message/* "$into/messages/"
scratch=$(mktemp -d)
cp "$into/data.mdb" "$scratch/"
"$bin/kigumi" --data "$scratch" dump >"$into/dump.jsonl"
rm -rf "$scratch"
