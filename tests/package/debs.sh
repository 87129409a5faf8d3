#!/bin/sh
# debs.sh BUILD [COMPILER]: makes the Debian packages of a shared build, unpacks them into an empty
# root, and uses them there: consumers of the library, the tools, the daemon. Installs nothing.
set -eu
. "$(dirname "$0")/begin.sh"
build=$(cd "$1" && pwd)
compiler=${2:-c++}

mkdir "$work/debs" "$work/root"
(cd "$build" && cpack -G DEB -B "$work/debs") >"$log" 2>&1 || fail "cpack failed"
for deb in "$work"/debs/*.deb; do
    dpkg-deb --contents "$deb" | awk '$2 != "root/root" { print; bad = 1 } END { exit bad }' ||
        fail "$deb: the files above do not belong to root"
    dpkg-deb --field "$deb" Package Version Architecture Depends
    # No scripts run as root at installation, but the trigger that lets ldconfig know.
    dpkg-deb --ctrl-tarfile "$deb" | tar -t | grep -E '(pre|post)(inst|rm)$' &&
        fail "$deb has maintainer scripts"
    dpkg -x "$deb" "$work/root"
done

depends() { dpkg-deb --field "$(echo "$work"/debs/"$1"_*.deb)" Depends; }
depends kigumid | grep -q 'libzmq5' || fail "kigumid does not depend on libzmq5"
depends kigumi-tools | grep -q 'liblmdb0' || fail "kigumi-tools do not depend on liblmdb0"
depends libkigumi-dev | grep -q 'libkigumi[0-9.]* (= ' || fail "libkigumi-dev does not depend on its library"

library=$(find "$work/root/usr/lib" -name 'libkigumi-cpp.so.*.*.*')
[ -n "$library" ] || fail "no shared library"
# Public classes with what they keep inside, and what templates of the standard library leave behind,
# leave it; classes that only the sources know do not.
if nm -D --defined-only -C "$library" | grep -E 'kigumi::(kv::LmdbHandle|kv::GroupCommit|Transport|PullClient|OriginTable)::'; then
    fail "the names above are nobody else's business"
fi
nm -D --defined-only -C "$library" | grep -q 'kigumi::Store::open' || fail "Store::open is not exported"

"$here/consume.sh" "$work/root/usr" "$work" "$compiler" || exit 1
readelf -d "$work/with-pkg-config" | grep -q 'libkigumi-cpp.so' || fail "the consumer was not linked to the shared library"
for program in kigumi kigumid; do
    "$work/root/usr/bin/$program" --version || fail "$program --version"
    ! ldd "$work/root/usr/bin/$program" | grep -q 'not found' || fail "$program lacks libraries"
done
echo "Debian packages: unpacked and used"
