#!/bin/sh
# Fails unless LIBRARY exports exactly the functions that LIST names, and HEADER declares these.
set -eu
library=$1 list=$2 header=$3
exported=$(nm -D --defined-only "$library" | awk '$2 != "A" { sub("@.*", "", $3); print $3 }' | LC_ALL=C sort)
declared=$(tr '\n' ' ' <"$header" | grep -oE 'KIGUMI_API [^;(]*\(' | grep -oE 'kigumi_[a-z_]+ *\($' |
           tr -d ' (' | LC_ALL=C sort)
for what in exported declared; do
    eval "found=\$$what"
    if ! difference=$(echo "$found" | diff "$list" -); then
        echo "what is $what is not what $list says (<):" >&2
        echo "$difference" >&2
        exit 1
    fi
done
