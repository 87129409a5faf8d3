#!/bin/sh
# Runs every fuzzer for some seconds, one after the other: fuzz/run.sh BUILD SECONDS. What is found,
# the growing corpus and the logs stay in BUILD. Fails if anything was found.
set -eu

build=$1
seconds=$2
source=$(dirname "$0")
fuzzers="batch message replicator record load json bundle manifest membership"
count=0
findings=0

for name in $fuzzers; do
    work=$build/$name
    mkdir -p "$work/corpus" "$work/artifacts"
    known=""
    for directory in "$source/corpus/$name" "$source/regressions/$name"; do
        [ ! -d "$directory" ] || known="$known $directory"
    done
    outcome=ok
    # shellcheck disable=SC2086  # a list of directories is what is meant
    "$build/bin/fuzz_$name" "$work/corpus" $known -max_total_time="$seconds" -max_len=65536 \
        -malloc_limit_mb=64 -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 \
        -artifact_prefix="$work/artifacts/" >"$work/log" 2>&1 || outcome=FOUND
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log")
    rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$work/log")
    coverage=$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$work/log" | tail -n 1)
    printf 'fuzz: %-12s %10s executions  %7s/s  coverage %6s  %s\n' \
        "$name" "${runs:-?}" "${rate:-?}" "${coverage:-?}" "$outcome"
    count=$((count + 1))
    [ "$outcome" = ok ] && continue
    findings=$((findings + 1))
    grep -E '^fuzz: |ERROR:|runtime error|SUMMARY:|Test unit written' "$work/log" || tail -n 20 "$work/log"
done

echo "fuzz: $count fuzzers, $findings findings"
[ "$findings" -eq 0 ]
