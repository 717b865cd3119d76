#!/bin/sh
# Makes .venv. `environment.sh package` puts just Samovar in it, `environment.sh tools` all extras too.
# What the machine lacks is named with the command that installs it; with INSTALL_MISSING=1 and as
# root it is installed.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "$1" >&2
    exit 1
}

# Runs the candidate: a name on PATH may be a shim that leads nowhere.
is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if is_new_enough "$name"; then
            echo "$name"
            return
        fi
    done
    found=$(python3 --version 2>/dev/null || echo "no python3")
    fail "Samovar needs Python 3.11 or newer; this machine has $found.
On Debian 12 or newer install it with: apt-get install python3 python3-venv"
}

require_venv() {
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1 && return
    if [ "${INSTALL_MISSING:-}" = 1 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing $1-venv ..."
        apt-get update -qq && apt-get install -y -qq --no-install-recommends "$1-venv" >/dev/null
    else
        fail "$1 cannot make virtual environments. Install what it lacks with: apt-get install $1-venv"
    fi
}

make_venv() {
    .venv/bin/python -m pip --version >/dev/null 2>&1 && return
    python=$(find_python)
    require_venv "$python"
    echo "Making .venv with $("$python" --version) ..."
    rm -rf .venv
    "$python" -m venv .venv
}

install() {
    echo "Installing $1 into .venv ..."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable "$1" ||
        fail "pip could not install it (see above). Is the package index reachable from here?"
}

case "${1:-}" in
package)
    make_venv
    install .
    touch .venv/.package
    ;;
tools)
    make_venv
    install '.[tools,bench]'
    touch .venv/.package .venv/.tools
    ;;
*)
    fail "usage: scripts/environment.sh package|tools"
    ;;
esac
