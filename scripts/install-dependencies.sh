#!/bin/sh
# Installs what the build and the tests need, on Debian 12 or newer. Does nothing, and downloads
# nothing, if all is there. With --fuzz: also what the fuzzers need; with --package
# and --reference, what these make targets do.
set -eu

packages="build-essential ccache cmake cppzmq-dev curl libboost-container-dev libcli11-dev
libcpp-httplib-dev libexpected-dev libgtest-dev liblmdb-dev libmsgpack-cxx-dev librapidcheck-dev
libsodium-dev libspdlog-dev libsystemd-dev libtomlplusplus-dev libxxhash-dev libzmq3-dev libzstd-dev
mypy ninja-build nlohmann-json3-dev pkg-config python3-dev python3-hypothesis python3-pytest
python3-setuptools python3-typing-extensions python3-venv python3-wheel"
[ "${1:-}" != --fuzz ] || packages="$packages clang-14 libclang-rt-14-dev"
[ "${1:-}" != --package ] || packages="$packages file"
[ "${1:-}" != --reference ] || packages="$packages doxygen"

missing=""
for package in $packages; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "kigumi: this script knows Debian only; install the like of:$missing" >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
        echo "kigumi: these packages are missing and this user may not install them; run as root:" >&2
        echo "    apt-get install$missing" >&2
        exit 1
    fi
    as_root="sudo"
fi
echo "kigumi: installing$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086  # a list of words is what is meant
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
