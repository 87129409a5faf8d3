#!/bin/bash
# Runs the console session of a document: each line that begins with "$ " is a command, and the lines
# below it are what it has to print, within ten seconds, since replication takes a moment.
# Usage: readme_console.sh BIN_DIR DOCUMENT.md
set -eu

PATH=$(cd "$1" && pwd):$PATH
readme=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
directory=$(mktemp -d)
cd "$directory"
daemons=()
trap 'kill "${daemons[@]}" 2>/dev/null || true; wait; rm -rf "$directory"' EXIT

check() {
    local command=$1 expected=$2 printed=
    if [[ $command == *"&" ]]; then
        read -ra words <<<"${command%&}"
        "${words[@]}" 2>"daemon-${#daemons[@]}.log" &
        daemons+=($!)
        sleep 0.5
        return
    fi
    read -ra words <<<"$command"
    for _ in $(seq 100); do
        printed=$("${words[@]}" 2>&1) || true
        [[ $printed == "$expected" ]] && return
        # Only reading again is harmless.
        [[ $command == *smembers* ]] || break
        sleep 0.1
    done
    printf '%s\nprinted\n%s\nand not\n%s\n' "$command" "$printed" "$expected" >&2
    cat ./*.log >&2
    exit 1
}

command='' expected='' checked=0
while IFS= read -r line; do
    if [[ $line == '$ '* ]]; then
        if [[ -n $command ]]; then check "$command" "$expected"; fi
        command=${line#\$ } expected='' checked=$((checked + 1))
    else
        expected+=${expected:+$'\n'}$line
    fi
done < <(sed -n '/^```console$/,/^```$/{/^```/d;p}' "$readme")
check "$command" "$expected"
[[ $checked -ge 4 ]] || { echo "$2 has no console session" >&2; exit 1; }
echo "$checked commands of $2 do what it says"
