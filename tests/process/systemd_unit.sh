#!/bin/sh
# Checks the unit file with systemd-analyze, as if kigumid were installed where it says.
# Usage: systemd_unit.sh UNIT KIGUMID
set -eu

command -v systemd-analyze >/dev/null || { echo "skipped: no systemd-analyze"; exit 77; }
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
sed "s|^ExecStart=/usr/bin/kigumid|ExecStart=$2|" "$1" >"$directory/kigumid.service"
complaints=$(systemd-analyze verify --man=no "$directory/kigumid.service" 2>&1) || {
    echo "$complaints"
    exit 1
}
[ -z "$complaints" ] || { echo "$complaints"; exit 1; }
# 0 is locked up, 10 is wide open.
systemd-analyze security --offline=true --threshold=20 "$directory/kigumid.service" >"$directory/report" || {
    cat "$directory/report"
    exit 1
}
tail -1 "$directory/report"
