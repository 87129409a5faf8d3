#!/bin/sh
# exports.sh LIBRARY.a INCLUDE: fails if a function that a public header declares is hidden, so that
# programs linked to a shared library would lack it: KIGUMI_API is missing there.
set -eu
library=$1
include=$2

# Names only, as in kigumi::bundle::write or kigumi::Store::open.
readelf -sW "$library" 2>/dev/null |
    awk '$4 == "FUNC" && $5 == "GLOBAL" && $6 == "HIDDEN" && $7 != "UND" { print $8 }' |
    c++filt | sed -n 's/^\(kigumi::[A-Za-z_0-9:~]*\)(.*/\1/p' | sort -u |
    while read -r name; do
        scope=${name%::*}
        case ${scope##*::} in
        [A-Z]*) declared="^ *(class|struct) (KIGUMI_API )?${scope##*::}( .*)?[{:]" ;;
        *) declared="^(KIGUMI_API )?[A-Za-z].*[ &*]${name##*::}\(" ;;
        esac
        grep -rlE "$declared" "$include" | while read -r header; do
            case ${scope##*::} in
            [A-Z]*) space=${scope%::*} ;;
            *) space=$scope ;;
            esac
            ! grep -qE "^namespace $space \{" "$header" || echo "$name is hidden, but public in $header"
        done
    done >"${TMPDIR:-/tmp}/kigumi-exports-$$"
hidden=$(cat "${TMPDIR:-/tmp}/kigumi-exports-$$")
rm -f "${TMPDIR:-/tmp}/kigumi-exports-$$"
[ -z "$hidden" ] || {
    echo "$hidden" >&2
    exit 1
}
