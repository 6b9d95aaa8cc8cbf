#!/usr/bin/env bash
# Sets up what a command needs, once, and what is missing at the same time:
#   run      Python with what `make dev` and the owner's commands import
#   deploy   that, and the JavaScript tools, Serverless Devs among them
#   unit     Python with what the tests import
#   check    one Python with everything, and the JavaScript tools
#   test     that, the other Python of Function Compute with what the tests import, curl, and a browser
#   mutants  that of check, with mutmut in it
# Says what it does on stderr only.
set -euo pipefail
cd "$(dirname "$0")/.."
exec 1>&2

RUNTIMES="3.12 3.10" # Function Compute's Pythons, its default first
GROUPS_OF_PACKAGES=(run test dev) # each in requirements-GROUP.txt, and with the one before it in it

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
    "$2" -I -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" >/dev/null 2>&1 && command -v "$2"
}

# From here on no other command of this checkout sets anything up: it waits. The kernel knows who has the lock, and frees
# it when this script and all that it started have ended, however they end.
alone() {
    exec 9>.venv/setting-up
    "$1" -I -c '
import fcntl, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
try:
    fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("Another command is setting up; waiting", flush=True)
    fcntl.flock(9, fcntl.LOCK_EX)
'
}

can_install() {
    command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

apt_install() {
    local sudo=
    [ "$(id -u)" = 0 ] || sudo="sudo -n"
    $sudo apt-get update -q && $sudo apt-get install -qy --no-install-recommends "$@"
}

# Whether .venv/MINOR has all of a group: what says so is written last.
has_environment() {
    [ -x ".venv/$1/bin/python" ] && is_of_lock "$1" "$2"
}

is_of_lock() {
    [ "$(cat ".venv/$1/lock-$2" 2>/dev/null)" = "$(fingerprint "$2")" ]
}

# What an environment made from a group's lock is known by.
fingerprint() {
    cat "requirements-$1.txt" deploy/build/requirements.txt deploy/build/source-only.txt | cksum
}

# An environment .venv/MINOR that holds what a group locks, and nothing that another lock named.
make_environment() {
    local minor=$1 group=$2 python=$3 each
    echo "Setting up Python $minor in .venv/$minor"
    if ! is_unmixed "$minor"; then
        make_empty_environment
        install --only-binary :all: -r deploy/build/requirements.txt
    fi
    install_lock "requirements-$group.txt"
    for each in "${GROUPS_OF_PACKAGES[@]}"; do
        fingerprint "$each" >".venv/$minor/lock-$each"
        [ "$each" != "$group" ] || break
    done
}

# The pip that comes with Python fetches the locked uv, once for all environments: uv does all else in a tenth of pip's
# time.
make_empty_environment() {
    if [ "$minor" = "$default" ]; then
        "$python" -m venv --clear ".venv/$minor"
        awk '/^[^ #]/ { is_uv = /^uv==/ } is_uv' "requirements-$group.txt" >".venv/$minor/uv.txt"
        pip install --require-hashes --no-deps --no-compile --only-binary :all: -r ".venv/$minor/uv.txt"
    else
        ".venv/$default/bin/uv" venv --quiet --clear --python "$python" ".venv/$minor"
    fi
}

# Whether all that is in .venv/MINOR is of today's locks: then only what is missing is added.
is_unmixed() {
    local each
    has_environment "$1" run || return 1
    for each in "${GROUPS_OF_PACKAGES[@]}"; do
        [ ! -e ".venv/$1/lock-$each" ] || is_of_lock "$1" "$each" || return 1
    done
}

# Says what pip says from its first error on, and before that why it had no answer: without one, its error is that there
# is no such version.
pip() {
    ".venv/$minor/bin/python" -m pip "$@" --disable-pip-version-check --no-input 2>&1 | awk '
        sub(/^WARNING: Retrying .* connection broken by /, "") { unanswered = $0; next }
        /ERROR|error:|Traceback|No module/ { failed = 1 }
        failed && unanswered { print "The package index does not answer: " unanswered; unanswered = "" }
        failed { print }
    '
}

# What a lock names, into .venv/$minor, each checked by its hash. What is published as source only is built with the
# locked tools, never taken from a cache of what others have built; all else is a wheel. Python compiles what is imported
# when it is: most of it never is.
install_lock() {
    local sources=".venv/$minor/sources.txt" wheels=".venv/$minor/wheels.txt"
    entries 1 "$1" >"$sources"
    entries 0 "$1" >"$wheels"
    [ ! -s "$sources" ] || install --no-binary :all: --no-build-isolation --no-cache -r "$sources"
    install --only-binary :all: -r "$wheels"
}

# Says which large packages uv fetches, and from its first error on all that it says. uv does not read pip's settings:
# a mirror or a certificate that is set for pip counts here too.
install() {
    local index certificate
    [ -n "${pip_settings+read}" ] || pip_settings=$(".venv/$default/bin/python" -m pip config list 2>/dev/null || true)
    index=${UV_DEFAULT_INDEX:-$(pip_setting index-url)}
    certificate=${SSL_CERT_FILE:-$(pip_setting cert)}
    env ${index:+UV_DEFAULT_INDEX="$index"} ${certificate:+SSL_CERT_FILE="$certificate"} ".venv/$default/bin/uv" \
        pip install --python ".venv/$minor/bin/python" --require-hashes --no-deps "$@" 2>&1 | awk -v minor="$minor" '
            /error:|[Ff]ailed/ { failed = 1 }
            failed { print }
            /^Downloading / { print "  Python " minor ": " $2, $3; fflush() }
        '
}

# One setting of pip: the environment's, else that of its files.
pip_setting() {
    sed -n "s/^[^ ]*[.]$1='\(.*\)'\$/\1/p" <<<"$pip_settings" | tail -n 1
}

# Of a lock the entries that are published as source only (1), or the others (0).
entries() {
    awk -v of="$1" '
        NR == FNR { if (!/^#/) source[$1]; next }
        /^[^ #]/ { split($0, word, /[= ]/); is_source = word[1] in source }
        is_source == of
    ' deploy/build/source-only.txt "$2"
}

has_javascript() {
    [ "$(cat node_modules/.lock 2>/dev/null)" = "$(cksum <package-lock.json)" ]
}

make_javascript() {
    command -v npm >/dev/null || {
        echo "Node.js with npm is needed."
        exit 1
    }
    echo "Setting up the JavaScript tools in node_modules"
    # Each is checked by its hash in the lock; no package here needs a script of its own to be run.
    npm ci --ignore-scripts --loglevel=error --no-audit --no-fund --no-update-notifier >/dev/null
    cksum <package-lock.json >node_modules/.lock
}

has_curl() {
    command -v curl >/dev/null
}

make_curl() {
    { can_install && apt_install curl >/dev/null; } || {
        echo "curl is needed: it is one of the clients that the tests post with."
        exit 1
    }
}

# A Chromium: found on the machine, else Debian's, else Playwright's own.
has_browser() {
    .venv/default/bin/python tests/support/chromium.py >/dev/null 2>&1
}

make_browser() {
    echo "Setting up a browser"
    { can_install && { apt_install chromium-headless-shell || apt_install chromium; } >/dev/null; } ||
        .venv/default/bin/python -m playwright install chromium
}

has_default() {
    [ "$(readlink .venv/default)" = "$1" ]
}

make_default() {
    ln -sfn "$1" .venv/default
}

has_ensurepip() {
    has_environment "$1" run || "$2" -I -c 'import ensurepip' 2>/dev/null
}

make_ensurepip() {
    { can_install && apt_install "python$1-venv" >/dev/null; } || {
        echo "Python $1 cannot make environments here. On Debian: apt-get install python$1-venv"
        exit 1
    }
}

# Makes what is missing of the things named, one word each, its arguments after colons: all at the same time.
need() {
    local thing words process failed= processes=()
    for thing in "$@"; do
        IFS=: read -ra words <<<"$thing"
        "has_${words[0]}" "${words[@]:1}" && continue
        [ -n "$is_alone" ] || { alone "$python" && is_alone=yes; }
        # Ctrl-C is for all of them; of itself bash would have them ignore it.
        (
            trap - INT
            "has_${words[0]}" "${words[@]:1}" || "make_${words[0]}" "${words[@]:1}"
        ) &
        processes+=("$!")
    done
    for process in ${processes[@]+"${processes[@]}"}; do wait "$process" || failed=yes; done
    [ -z "$failed" ]
}

# The Pythons to set up, the default one first: those of Function Compute that are here, else any that will do.
pythons=()
find_pythons() {
    local minor python
    for minor in $RUNTIMES; do
        python=$(find_python "$minor")
        [ -z "$python" ] || pythons+=("$minor:$python")
        [ -z "$python" ] || [ "$1" = all ] || return 0
    done
    [ ${#pythons[@]} = 0 ] || return 0
    python3 -I -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || {
        echo "Python 3.10 or newer is needed (3.12 is what Function Compute runs)."
        exit 1
    }
    pythons+=("$(python3 -I -c 'import sys; print("%d.%d" % sys.version_info[:2])'):python3")
}

case $1 in
run | deploy) group=run ;;
unit) group=test ;;
check | test | mutants) group=dev ;;
esac
case $1 in
test) find_pythons all ;;
*) find_pythons first ;;
esac

mkdir -p .venv
is_alone=
default=${pythons[0]%%:*}
python=${pythons[0]#*:}
need "ensurepip:$default:$python"
default_environment=environment:$default:$group:$python
case $1 in
run | unit) need "$default_environment" ;;
*) need "$default_environment" javascript ;;
esac
for each in "${pythons[@]:1}"; do need "environment:${each%%:*}:test:${each#*:}"; done
need "default:$default"
case $1 in
test)
    need curl
    need browser
    ;;
mutants)
    [ -n "$is_alone" ] || alone "$python"
    minor=$default
    install_lock requirements-mutants.txt
    ;;
esac
