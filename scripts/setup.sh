# SPDX-License-Identifier: GPL-3.0-or-later
#
# Sourced by demo and test: brings this tree to a built state on a fresh Debian 12 or 13.
# Packages that are there, a configured build and built files are left alone, so a second call is
# quick.

set -euo pipefail

ISAC_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ISAC_BUILD=${ISAC_BUILD:-$ISAC_ROOT/build}
# The interpreter that Debian's GNU Radio belongs to, which need not be the first on PATH.
ISAC_PYTHON=/usr/bin/python3

ISAC_PACKAGES=(
    # to build
    g++ cmake ninja-build git ca-certificates pkg-config gnuradio-dev libfftw3-dev libeigen3-dev
    libboost-all-dev libspdlog-dev zlib1g-dev pybind11-dev python3-dev libbenchmark-dev
    # to run
    gnuradio python3-numpy python3-scipy python3-matplotlib python3-pyqtgraph python3-pyqt5
    python3-yaml python3-tqdm gir1.2-gtk-3.0
    # the peer that the benchmarks compare with, and a display for tests without one
    gr-radar xvfb xauth
)

say() { printf '\n== %s\n' "$*"; }

isac_install_packages() {
    if ! command -v dpkg-query >/dev/null; then
        say "This is no Debian system: make sure that these are installed: ${ISAC_PACKAGES[*]}"
        return
    fi
    local missing=() package
    for package in "${ISAC_PACKAGES[@]}"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' ||
            missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "Installing ${#missing[@]} packages: ${missing[*]}"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || {
            echo "Root is needed to install packages, and there is no sudo." >&2
            exit 1
        }
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get -qq update
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 \
        --no-install-recommends install "${missing[@]}" >/dev/null
}

# isac_build [cmake options]
isac_build() {
    if [ ! -f "$ISAC_BUILD/build.ninja" ]; then
        say "Configuring in $ISAC_BUILD"
        local launcher=()
        command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
        cmake -S "$ISAC_ROOT" -B "$ISAC_BUILD" -G Ninja "${launcher[@]}" "$@" >"$ISAC_BUILD.log" || {
            cat "$ISAC_BUILD.log" >&2
            exit 1
        }
        mv "$ISAC_BUILD.log" "$ISAC_BUILD/configure.log"
    fi
    say "Building"
    cmake --build "$ISAC_BUILD"
}

# What runs the package and its GRC blocks from the build tree.
isac_environment() {
    export PYTHONPATH="$ISAC_BUILD/test_modules${PYTHONPATH:+:$PYTHONPATH}"
    export LD_LIBRARY_PATH="$ISAC_BUILD/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    export GRC_BLOCKS_PATH="$ISAC_ROOT/grc"
}
