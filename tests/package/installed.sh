#!/bin/sh
# installed.sh BUILD [COMPILER]: installs a build into an empty prefix, moves that, and uses it as
# others would: from CMake, from pkg-config, and from the shell.
set -eu
. "$(dirname "$0")/begin.sh"
build=$(cd "$1" && pwd)
compiler=${2:-c++}

cmake --install "$build" --prefix "$work/first" >"$log" 2>&1 || fail "cmake --install failed"
mv "$work/first" "$work/prefix"
"$here/consume.sh" "$work/prefix" "$work" "$compiler" || exit 1

library=$(find "$work/prefix" -name libkigumi-cpp.a)
[ -z "$library" ] || "$here/exports.sh" "$library" "$work/prefix/include" || exit 1

for program in kigumi kigumid; do
    "$work/prefix/bin/$program" --version | grep -q "^$program [0-9]" || fail "$program --version"
done
[ "$("$work/prefix/bin/kigumi" --data "$work/data" incr hits 3)" = 3 ] || fail "kigumi incr"

# Nothing of how this project is built reaches who uses it.
! grep -rEn -e '-Werror|-Wall|-fsanitize|-fvisibility' "$work/prefix/lib" --include=*.cmake --include=*.pc ||
    fail "the lines above hand on flags"
source=$(cd "$here/../.." && pwd)
! grep -rFn -e "$source" "$work/prefix/lib" --include=*.cmake --include=*.pc || fail "the lines above name the source tree"
! grep -rFn -e "$work/first" "$work/prefix/lib" --include=*.cmake --include=*.pc || fail "the lines above name the prefix"
echo "installed: used from CMake, pkg-config and the shell"
