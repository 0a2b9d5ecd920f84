#!/usr/bin/env bash
# Makes .venv from the pinned requirements, with the bilim command in it. Needs Python 3.11+ and either
# uv, or the venv module, or pip; says in one line what is missing. Called by `make setup`.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    echo "setup: $*" >&2
    exit 1
}
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

python=""
for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
    if new_enough "$candidate"; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || fail "Python 3.11 or newer is missing: apt-get install python3 python3-venv"

echo "Setting up .venv (once; half a minute or so) ..."
here=.venv/bin/python
new_enough "$here" || rm -rf .venv # another system's, or half made

if uv=$(command -v uv); then
    [ -d .venv ] || "$uv" venv --quiet --python "$python" .venv
elif [ -x .venv/bin/uv ]; then
    uv=.venv/bin/uv
else
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        [ -d .venv ] || "$python" -m venv .venv
        pip=("$here" -m pip)
        "${pip[@]}" --version >/dev/null 2>&1 || "$here" -m ensurepip >/dev/null
    elif "$python" -m pip --version >/dev/null 2>&1; then
        [ -d .venv ] || "$python" -m venv --without-pip .venv
        pip=("$python" -m pip --python "$here")
    else
        fail "the venv module of Python is missing: apt-get install python3-venv"
    fi
    sed -n '/^uv==/,/[^\\]$/p' requirements-dev.txt >.venv/uv.txt # its pin and hashes
    "${pip[@]}" install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement .venv/uv.txt ||
        fail "uv could not be installed: is the package index reachable?"
    uv=.venv/bin/uv
fi

"$uv" pip sync --quiet --python "$here" --require-hashes requirements.txt requirements-dev.txt ||
    fail "the packages could not be installed: is the package index reachable?"
# sync takes out what it did not put in, the editable install too: again, each time
"$uv" pip install --quiet --python "$here" --no-deps --no-build-isolation --editable .
# the scripts of others that pages use; without them pages are plainer, and whole
"$here" tools/assets.py || echo "setup: pages go without them until 'make assets' succeeds." >&2
echo "Ready: .venv/bin/bilim"
