# begin.sh: sourced by the tests of what is installed. Sets here, work (an empty directory that goes
# with the script) and log, and defines fail.
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/kigumi-package-XXXXXX")
trap 'rm -rf "$work"' EXIT
log="$work/log"
fail() {
    echo "$1" >&2
    [ ! -s "$log" ] || tail -n 40 "$log" >&2
    exit 1
}
