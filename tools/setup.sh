#!/bin/sh
# Sets up what a command needs, once: `tools/setup.sh dev` a Python environment; `deploy` that and the JavaScript tools,
# Serverless Devs among them; `check` a Python environment for each Python that Function Compute runs, too; `test` also a
# browser; `mutants` one environment with mutmut in it. Says what it does on stderr only.
set -eu
cd "$(dirname "$0")/.."
exec 1>&2

RUNTIMES="3.12 3.10" # Function Compute's Pythons, its default first

# The newest of each minor version: on PATH, else kept by pyenv.
find_python() {
    for python in "python$1" "$(pyenv prefix "$1" 2>/dev/null || true)/bin/python"; do
        if "$python" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" >/dev/null 2>&1; then
            command -v "$python"
            return
        fi
    done
}

can_install() {
    command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

apt_install() {
    sudo=
    [ "$(id -u)" = 0 ] || sudo="sudo -n"
    $sudo apt-get update -q && $sudo apt-get install -qy --no-install-recommends "$@"
}

# An environment .venv/<minor> that holds exactly what requirements-dev.txt locks.
environment() {
    minor=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    lock=$(cksum <requirements-dev.txt)
    if [ "$(cat ".venv/$minor/lock" 2>/dev/null)" != "$lock" ]; then
        echo "Setting up Python $minor in .venv/$minor"
        "$1" -c 'import ensurepip' 2>/dev/null || { can_install && apt_install "python$minor-venv" >/dev/null; } || {
            echo "Python $minor cannot make environments here. On Debian: apt-get install python$minor-venv"
            exit 1
        }
        "$1" -m venv --clear ".venv/$minor"
        ".venv/$minor/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.txt
        echo "$lock" >".venv/$minor/lock"
    fi
}

# The environment that commands use: that of the newest runtime found.
use() {
    ln -sfn "$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')" .venv/default
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
    [ "$(cat node_modules/.lock 2>/dev/null)" = "$lock" ] || {
        echo "Setting up the JavaScript tools in node_modules"
        npm ci --loglevel=error --no-audit --no-fund >/dev/null
        echo "$lock" >node_modules/.lock
    }
}

# A Chromium: found on the machine, else Debian's, else Playwright's own.
browser() {
    .venv/default/bin/python tests/chromium.py >/dev/null 2>&1 && return
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
    .venv/default/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-mutants.txt
    ;;
esac
