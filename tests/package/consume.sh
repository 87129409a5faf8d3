#!/bin/sh
# consume.sh PREFIX WORK COMPILER: builds and runs programs against what is installed in PREFIX.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
prefix=$1
work=$2
compiler=$3
log="$work/log"
examples=$here/../../examples
expected=$examples/first_replica.txt
libdir=$(dirname "$(dirname "$(find "$prefix" -name kigumi-cpp.pc)")")
LD_LIBRARY_PATH="$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"  # for a shared library
PKG_CONFIG_PATH="$libdir/pkgconfig"
export LD_LIBRARY_PATH PKG_CONFIG_PATH
fail() {
    echo "$1" >&2
    tail -n 40 "$log" >&2
    exit 1
}

# find_package: the library, and the laws for a type of one's own.
cmake -S "$here/consumer" -B "$work/consumer" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_CXX_COMPILER="$compiler" -DEXAMPLES="$examples" >"$log" 2>&1 ||
    fail "find_package(Kigumi) failed"
cmake --build "$work/consumer" >"$log" 2>&1 || fail "a consumer does not build"
mkdir "$work/run-1" "$work/run-2"
(cd "$work/run-1" && ../consumer/first_replica) >"$work/printed" 2>"$log" ||
    fail "the consumer of find_package failed"
cmp "$work/printed" "$expected" || fail "the consumer of find_package printed something else"
if [ -x "$work/consumer/first_replica_c" ]; then
    mkdir "$work/run-4"
    (cd "$work/run-4" && ../consumer/first_replica_c) >"$work/printed" 2>"$log" || fail "the consumer of Kigumi::c failed"
    cmp "$work/printed" "$examples/first_replica_c.txt" || fail "the consumer of Kigumi::c printed something else"
fi
"$work/consumer/own_law" >"$log" 2>&1 || fail "the consumer of the laws failed"

# pkg-config, with no flags but its own; every header, under warnings as a strict project has them.
for header in $(cd "$prefix/include" && find kigumi -name '*.hpp' ! -path 'kigumi/testing/*' | sort); do
    echo "#include <$header>"
done >"$work/headers.cpp"
cat "$examples/first_replica.cpp" >>"$work/headers.cpp"
# shellcheck disable=SC2046  # a list of words is what is meant
"$compiler" -std=c++20 -Wall -Wextra -Wpedantic -Werror $(pkg-config --cflags kigumi-cpp) \
    "$work/headers.cpp" -o "$work/with-pkg-config" $(pkg-config --libs kigumi-cpp) >"$log" 2>&1 ||
    fail "the consumer of pkg-config does not build"
(cd "$work/run-2" && ../with-pkg-config) >"$work/printed" 2>"$log" ||
    fail "the consumer of pkg-config failed"
cmp "$work/printed" "$expected" || fail "the consumer of pkg-config printed something else"

# The C library, from a compiler that knows no C++.
if [ -f "$libdir/pkgconfig/kigumi.pc" ]; then
    # shellcheck disable=SC2046
    cc -std=c99 -Wall -Wextra -Wpedantic -Werror $(pkg-config --cflags kigumi) "$examples/first_replica.c" \
        -o "$work/c" $(pkg-config --libs kigumi) >"$log" 2>&1 || fail "the consumer of the C library does not build"
    mkdir "$work/run-3"
    (cd "$work/run-3" && ../c) >"$work/printed" 2>"$log" || fail "the consumer of the C library failed"
    cmp "$work/printed" "$examples/first_replica_c.txt" || fail "the consumer of the C library printed something else"
fi
