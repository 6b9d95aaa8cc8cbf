#!/bin/sh
# Sets up what a command needs, once: `tools/setup.sh dev` a Python environment; `deploy` that and the JavaScript tools,
# Serverless Devs among them; `check` a Python environment for each Python that Function Compute runs, too; `test` also a
# browser; `mutants` one environment with mutmut in it. Says what it does on stderr only.
set -eu
cd "$(dirname "$0")/.."
exec 1>&2

is_alone=
RUNTIMES="3.12 3.10" # Function Compute's Pythons, its default first

# The Python of a minor version: on PATH, else kept by pyenv or by uv.
find_python() {
    is_python "$1" "python$1" || is_python "$1" "$(pyenv prefix "$1" 2>/dev/null)/bin/python" || {
        for uv in uv .venv/default/bin/uv; do
            is_python "$1" "$("$uv" python find --managed-python --system "$1" 2>/dev/null)" && return
        done
        true
    }
}

is_python() {
    "$2" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" >/dev/null 2>&1 && command -v "$2"
}

# From here on no other command of this checkout sets anything up: it waits. The kernel knows who has the lock, and frees
# it when this script and all that it started have ended, however they end.
alone() {
    [ -z "$is_alone" ] || return 0
    exec 9>.venv/setting-up
    "$1" -c '
import fcntl, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
try:
    fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("Another command is setting up; waiting", flush=True)
    fcntl.flock(9, fcntl.LOCK_EX)
'
    is_alone=yes
}

can_install() {
    command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

apt_install() {
    alone .venv/default/bin/python
    sudo=
    [ "$(id -u)" = 0 ] || sudo="sudo -n"
    $sudo apt-get update -q && $sudo apt-get install -qy --no-install-recommends "$@"
}

# Whether .venv/<minor> is whole: what says so is written last.
is_whole() {
    [ -x ".venv/$1/bin/python" ] && [ "$(cat ".venv/$1/lock" 2>/dev/null)" = "$(fingerprint)" ]
}

# What an environment made from this lock is known by.
fingerprint() {
    cat requirements-dev.txt deploy/build/requirements.txt deploy/build/source-only.txt | cksum
}

# An environment .venv/<minor> that holds exactly what requirements-dev.txt locks.
environment() {
    minor=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    is_whole "$minor" && return
    alone "$1"
    is_whole "$minor" && return
    echo "Setting up Python $minor in .venv/$minor"
    "$1" -c 'import ensurepip' 2>/dev/null || { can_install && apt_install "python$minor-venv" >/dev/null; } || {
        echo "Python $minor cannot make environments here. On Debian: apt-get install python$minor-venv"
        exit 1
    }
    "$1" -m venv --clear ".venv/$minor"
    # The pip that comes with Python fetches the locked one, and the locked setuptools.
    pip install --require-hashes --no-deps --only-binary :all: -r deploy/build/requirements.txt
    install_lock requirements-dev.txt
    fingerprint >".venv/$minor/lock"
}

pip() {
    ".venv/$minor/bin/python" -m pip "$@" -qq --disable-pip-version-check --no-input
}

# What a lock names, into .venv/$minor, each checked by its hash. What is published as source only is built with the
# locked tools, never taken from a cache of what others have built; all else is a wheel.
install_lock() {
    made=".venv/$minor/made"
    rm -rf "$made"
    mkdir "$made"
    entries 1 "$1" >"$made/sources.txt"
    entries 0 "$1" >"$made/wheels.txt"
    if [ -s "$made/sources.txt" ]; then
        pip wheel --require-hashes --no-deps --no-binary :all: --no-build-isolation --no-cache-dir \
            --wheel-dir "$made" -r "$made/sources.txt"
        pip install --no-deps --no-index "$made"/*.whl
    fi
    pip install --require-hashes --no-deps --only-binary :all: -r "$made/wheels.txt"
    rm -r "$made"
}

# Of a lock the entries that are published as source only (1), or the others (0).
entries() {
    awk -v of="$1" '
        NR == FNR { if (!/^#/) source[$1]; next }
        /^[^ #]/ { split($0, word, /[= ]/); is_source = word[1] in source }
        is_source == of
    ' deploy/build/source-only.txt "$2"
}

# The environment that commands use: that of the newest runtime found.
use() {
    minor=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    [ "$(readlink .venv/default)" = "$minor" ] || { alone "$1" && ln -sfn "$minor" .venv/default; }
}

environments() {
    found=
    for minor in $RUNTIMES; do
        python=$(find_python "$minor")
        [ -n "$python" ] || continue
        environment "$python"
        [ -n "$found" ] || use "$python"
        found=yes
        [ "$1" = all ] || return 0
    done
    [ -n "$found" ] || any_python
}

any_python() {
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || {
        echo "Python 3.10 or newer is needed (3.12 is what Function Compute runs)."
        exit 1
    }
    environment python3
    use python3
}

javascript() {
    command -v npm >/dev/null || {
        echo "Node.js with npm is needed."
        exit 1
    }
    lock=$(cksum <package-lock.json)
    [ "$(cat node_modules/.lock 2>/dev/null)" = "$lock" ] && return
    alone .venv/default/bin/python
    [ "$(cat node_modules/.lock 2>/dev/null)" = "$lock" ] && return
    echo "Setting up the JavaScript tools in node_modules"
    # Each is checked by its hash in the lock; no package here needs a script of its own to be run.
    npm ci --ignore-scripts --loglevel=error --no-audit --no-fund >/dev/null
    echo "$lock" >node_modules/.lock
}

# A Chromium: found on the machine, else Debian's, else Playwright's own.
browser() {
    .venv/default/bin/python tests/support/chromium.py >/dev/null 2>&1 && return
    alone .venv/default/bin/python
    .venv/default/bin/python tests/support/chromium.py >/dev/null 2>&1 && return
    echo "Setting up a browser"
    { can_install && apt_install chromium >/dev/null; } || .venv/default/bin/python -m playwright install chromium
}

curl_client() {
    command -v curl >/dev/null || { can_install && apt_install curl >/dev/null; } || {
        echo "curl is needed: it is one of the clients that the tests post with."
        exit 1
    }
}

mkdir -p .venv
case $1 in
dev)
    environments first
    ;;
deploy)
    environments first
    javascript
    ;;
check)
    environments all
    javascript
    ;;
test)
    environments all
    javascript
    curl_client
    browser
    ;;
mutants)
    environments first
    javascript
    alone .venv/default/bin/python
    minor=$(readlink .venv/default)
    install_lock requirements-mutants.txt
    ;;
esac
