#!/usr/bin/env bash
# demo.sh BIN_DIR: three masters on this machine take the Debian package database at the same time,
# are cut apart, disagree, are killed in the middle of writes, and end up identical.
set -Eeuo pipefail
export LC_ALL=C

if [ $# -ne 1 ] || [ ! -d "$1" ]; then
    echo "usage: demo.sh BIN_DIR" >&2
    exit 2
fi
bin=$(cd "$1" && pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/kigumi-demo-XXXXXX")
nodes="a b c"
declare -A daemon   # process of each node's kigumid
declare -A port     # where it listens
relay=""
writers=""

bold="" dim="" green="" red="" plain=""
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
fi

say() { printf '  %s\n' "$*"; }
step() { printf '%s%s%s\n' "$bold" "$*" "$plain"; }

fail() {
    for n in $nodes; do
        [ -s "$dir/$n.log" ] || continue
        printf '%s--- the end of the log of %s%s\n' "$dim" "$n" "$plain"
        tail -n 8 "$dir/$n.log"
    done
    printf '%sdemo: FAILED: %s%s\n' "$red" "$*" "$plain"
    exit 1
}

end_all() {
    [ -z "$writers" ] || kill -KILL -- "-$writers" 2>/dev/null || true
    for process in "${daemon[@]}" $relay; do kill -KILL "$process" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$dir"
}
trap end_all EXIT
trap 'fail interrupted' INT TERM HUP
trap '[ "$BASH_SUBSHELL" -gt 0 ] || fail "line $LINENO of demo.sh: $BASH_COMMAND"' ERR

k() { local n=$1; shift; "$bin/kigumi" --data "$dir/$n" "$@"; }
now_ms() { local t=${EPOCHREALTIME/./}; echo "${t%???}"; }
seconds_since() { awk -v ms=$(($(now_ms) - $1)) 'BEGIN { printf "%.2f s", ms / 1000 }'; }
version() { k "$1" --json status | sed 's/.*"version":\({[^}]*}\).*/\1/'; }
field() { k "$1" --json status | sed "s/.*\"$2\":\([0-9]*\).*/\1/"; }

# within SECONDS COMMAND...: repeats the command until it succeeds.
within() {
    local until=$(($(now_ms) + $1 * 1000))
    shift
    until "$@"; do
        [ "$(now_ms)" -lt "$until" ] || return 1
        sleep 0.02
    done
}
same_versions() {
    local a
    a=$(version a)
    [ "$a" != "{}" ] && [ "$a" = "$(version b)" ] && [ "$a" = "$(version c)" ]
}
converge() { within "$1" same_versions || fail "no convergence within $1 s after $2"; }
# expect WHAT IS SHOULD_BE
expect() { [ "$2" = "$3" ] || fail "$1 is \"$2\", not \"$3\""; }

started() { grep -q event=node.started "$dir/$1.log" || ! kill -0 "${daemon[$1]}" 2>/dev/null; }
# start NODE [PEER_PORT...]: false if its port is taken.
start() {
    local n=$1 peers=() p
    shift
    for p in "$@"; do peers+=(--peer "127.0.0.1:$p"); done
    "$bin/kigumid" --data "$dir/$n" --listen "127.0.0.1:${port[$n]}" "${peers[@]}" --insecure --only-peers \
        2>>"$dir/$n.log" &
    daemon[$n]=$!
    within 10 started "$n" || fail "node $n does not start"
    kill -0 "${daemon[$n]}" 2>/dev/null
}

start_all() {
    local base=$((20000 + RANDOM % 12000))
    port=([a]=$base [b]=$((base + 1)) [c]=$((base + 2)))
    for n in $nodes relay; do : >"$dir/$n.log"; done
    # c reaches the others through a relay that can be cut.
    "$bin/relay" "$((base + 3))=${port[a]}" "$((base + 4))=${port[b]}" >"$dir/relay.log" 2>&1 &
    relay=$!
    to_a=$((base + 3)) to_b=$((base + 4))
    relaying() { [ "$(grep -c = "$dir/relay.log")" -ge 2 ] || ! kill -0 "$relay" 2>/dev/null; }
    within 5 relaying
    kill -0 "$relay" 2>/dev/null && start a "${port[b]}" && start b "${port[a]}" &&
        start c "$to_a" "$to_b"
}

for tool in kigumid kigumi relay; do
    [ -x "$bin/$tool" ] || fail "$bin/$tool is missing; run make build"
done
command -v dpkg-query >/dev/null || fail "there is no dpkg-query; the demo's data is Debian's"
begun=$(now_ms)

step "1. Three masters load overlapping parts of this machine's package database at once"
for attempt in 1 2 3 4 5; do
    start_all && break
    [ "$attempt" -lt 5 ] || fail "no free ports"
    for process in "${daemon[@]}" $relay; do kill -KILL "$process" 2>/dev/null || true; done
done
say "kigumid a, b and c on 127.0.0.1:${port[a]} to ${port[c]}, an LMDB directory each"

# shellcheck disable=SC2016  # the braces are dpkg's
dpkg-query -W -f='${db:Status-Abbrev}\t${binary:Package}\t${Version}\t${Architecture}\t${Maintainer}\t${Installed-Size}\t${Section}\t${Depends}\n' |
    iconv -f utf-8 -t utf-8 -c | grep '^i' | cut -f 2- >"$dir/packages"
packages=$(awk 'END { print NR }' "$dir/packages")

# Which packages a node takes: every one is taken by two nodes, the last tenth by one.
slice() {
    awk -v n="$1" -v all="$packages" '{ at = NR / all }
        (n == "a" && at <= 0.6) || (n == "b" && at > 0.3 && at <= 0.9) ||
        (n == "c" && (at > 0.6 || at <= 0.3))' "$dir/packages"
}
# The names of the packages in a field of dependencies, one a line.
# shellcheck disable=SC2016  # awk's fields
names_in_depends='
    function names_in(text, names,    parts, n, i, count) {
        count = 0
        n = split(text, parts, /[,|]/)
        for (i = 1; i <= n; i++) {
            gsub(/\(.*|\[.*|[ \t]/, "", parts[i])
            if (parts[i] != "") names[++count] = parts[i]
        }
        return count
    }'
# shellcheck disable=SC2016
to_json='
    BEGIN { FS = "\t" }
    function text(s) { gsub(/["\\]/, "\\\\&", s); gsub(/[\001-\037]/, " ", s); return "\"" s "\"" }
    function object(key, type, value) {
        printf "{\"key\":%s,\"type\":\"%s\",\"value\":%s}\n", text(key), type, value
    }
    {
        object("package:" $1, "map", "{\"version\":" text($2) ",\"architecture\":" text($3) \
            ",\"maintainer\":" text($4) ",\"installed-size\":" $5 + 0 ",\"loaded-by\":" text(node) "}")
        object("section:" $6, "set", "[" text($1) "]")
        n = names_in($7, names)
        list = ""
        for (i = 1; i <= n; i++) list = list (i > 1 ? "," : "") text(names[i])
        if (n > 0) object("depends:" $1, "set", "[" list "]")
        object("loads", "counter", 1)
        object("loads:" $6, "counter", 1)
    }'
for n in $nodes; do
    slice "$n" >"$dir/$n.slice"
    awk -v node="$n" "$names_in_depends$to_json" "$dir/$n.slice" >"$dir/$n.jsonl"
    say "$n loads $(awk 'END { print NR }' "$dir/$n.slice") of $packages packages," \
        "$(awk 'END { print NR }' "$dir/$n.jsonl") objects"
done
loads=$(now_ms)
loaders=""
for n in $nodes; do
    k "$n" load "$dir/$n.jsonl" >"$dir/$n.loaded" 2>&1 &
    loaders="$loaders $!"
done
for process in $loaders; do wait "$process" || fail "kigumi load: $(cat "$dir"/?.loaded)"; done
took=$(seconds_since "$loads")
converge 20 "the loads"
say "loaded in $took, the same on all three after $(seconds_since "$loads"):" \
    "$(field a rows) rows, $(field a file_bytes) bytes on disk"
say "$(k a conflicts | awk '/^"/ { n++ } END { print n + 0 }') fields hold what two masters wrote" \
    "at once; both values are kept"

step "2. c is cut off, and both sides go on writing"
k a set motto "written before"
k a sadd fruit apple pear plum >/dev/null
k a incr visits 100 >/dev/null
converge 10 "the first writes"
kill -USR1 "$relay"
k a set motto "written on a"
k c set motto "written on c"
k a srem fruit pear plum >/dev/null
k c sadd fruit pear cherry >/dev/null
k a incr visits 5 >/dev/null
k b incr visits 20 >/dev/null
k c incr visits 300 >/dev/null
in_step() { [ "$(version a)" = "$(version b)" ]; }
within 10 in_step || fail "a and b do not exchange while c is cut off"
sleep 1
show() {
    say "$1: motto=\"$(k "$1" get motto)\" siblings=$(k "$1" siblings motto | awk 'END { print NR }')" \
        "fruit=$(k "$1" smembers fruit | tr '\n' ' ' | sed 's/ $//; s/ /,/g') visits=$(k "$1" count visits)"
}
for n in $nodes; do show "$n"; done
expect "the counter on b" "$(k b count visits)" 125
expect "the counter on c" "$(k c count visits)" 400

step "3. The network heals"
healed=$(now_ms)
kill -USR2 "$relay"
converge 20 "healing"
say "converged $(seconds_since "$healed") after the cut ended"
for n in $nodes; do show "$n"; done
for n in $nodes; do
    expect "siblings on $n" "$(k "$n" siblings motto | awk 'END { print NR }')" 2
    expect "the last writer on $n" "$(k "$n" get motto)" "written on c"
    expect "the set on $n" "$(k "$n" smembers fruit | tr '\n' ' ')" "apple cherry pear "
    expect "the counter on $n" "$(k "$n" count visits)" 425
done
say "${dim}the removal of pear lost to the addition it had not seen; plum is gone; 100+5+20+300=425${plain}"
k b set motto "written after both"
converge 10 "resolving the conflict"
for n in $nodes; do
    expect "the motto on $n" "$(k "$n" siblings motto | awk 'END { print NR }')" 1
    expect "the motto on $n" "$(k "$n" get motto)" "written after both"
done
say "one later write on b settles it everywhere: motto=\"$(k c get motto)\""

step "4. kigumid and the writers of b are killed in the middle of writing"
write_and_record() {
    local i
    for i in {1..2000}; do
        k b sadd burst "$1-$i" >/dev/null && echo "$1-$i" >>"$dir/acknowledged"
        k b incr burst-count >/dev/null && echo "$1-$i" >>"$dir/counted"
    done
}
: >"$dir/acknowledged"
: >"$dir/counted"
set -m  # a process group of their own, so that whatever is in a write dies with them
(for writer in x y z; do write_and_record "$writer" & done; wait) 2>/dev/null &
writers=$!
set +m
sleep 1.5
exec 3>&2 2>/dev/null  # the shell reports whom a signal killed, at a moment of its choice
kill -KILL "${daemon[b]}" "-$writers"
wait "${daemon[b]}" || true
wait "$writers" || true
exec 2>&3 3>&-
writers=""
written=$(awk 'END { print NR }' "$dir/acknowledged")
counted=$(awk 'END { print NR }' "$dir/counted")
[ "$written" -gt 10 ] || fail "only $written writes before the kill"
say "SIGKILL after $((written + counted)) acknowledged writes by three processes"
start b "${port[a]}" || fail "b does not start again"
restarted=$(now_ms)
converge 20 "the crash"
sort "$dir/acknowledged" >"$dir/acknowledged.sorted"
for n in $nodes; do
    k "$n" smembers burst | sort >"$dir/$n.burst"
    lost=$(comm -23 "$dir/acknowledged.sorted" "$dir/$n.burst" | awk 'END { print NR }')
    expect "the number of acknowledged writes lost on $n" "$lost" 0
    more=$(($(k "$n" count burst-count) - counted))
    { [ "$more" -ge 0 ] && [ "$more" -le 3 ]; } || fail "the counter on $n is off by $more"
done
say "b is back, and $(seconds_since "$restarted") later all three hold every one of them"

step "5. The proof"
for n in $nodes; do k "$n" dump >"$dir/$n.dump"; done
for n in $nodes; do
    say "$n: $(awk 'END { print NR }' "$dir/$n.dump") rows in its dump," \
        "SHA-256 $(sha256sum <"$dir/$n.dump" | cut -c 1-32)"
done
for n in b c; do cmp -s "$dir/a.dump" "$dir/$n.dump" || fail "the dumps of a and $n differ"; done

# What the data set holds, counted without Kigumi.
expected=$(awk -F '\t' "$names_in_depends"'
    { rows += 5 + 1; if (!($6 in seen)) { seen[$6] = 1; rows++ }
      n = names_in($7, names); split("", own)
      for (i = 1; i <= n; i++) if (!(names[i] in own)) { own[names[i]] = 1; rows++ } }
    END { print rows + 1 }' "$dir/packages")
expect "the number of rows loaded" \
    "$(grep -cE '"key":"(package:|section:|depends:|loads)' "$dir/a.dump")" "$expected"
cat "$dir"/?.slice >"$dir/slices"
expect "the counter of loads" "$(k a count loads)" "$(awk 'END { print NR }' "$dir/slices")"
sections=0
while read -r count section; do
    expect "the counter of $section" "$(k c count "loads:$section")" "$count"
    sections=$((sections + 1))
done < <(cut -f 6 "$dir/slices" | sort | uniq -c)
say "all $expected rows of the data set are there, and nothing was counted twice or lost:"
say "loads=$(k a count loads) and $sections counters by section agree with awk"
for n in $nodes; do kill -TERM "${daemon[$n]}"; done
for n in $nodes; do
    status=0
    wait "${daemon[$n]}" || status=$?
    unset "daemon[$n]"
    expect "the exit status of kigumid $n" "$status" 0
done
rows=$(awk 'END { print NR }' "$dir/a.dump")
say "the daemons have ended cleanly; $(seconds_since "$begun") in all"
printf '%sdemo: 3 replicas, %s rows, identical%s\n' "$green" "$rows" "$plain"
