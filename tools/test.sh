#!/usr/bin/env bash
# Runs the tests: those of the functions on every Python set up, since Function Compute runs two, with branch coverage on
# the default one; all others (the stand-ins, the owner's tools, the page) on the default one alone.
#   tools/test.sh unit [WORDS]   those that need no browser, no Serverless Devs and no registry, on the default Python
#   tools/test.sh functions      those of the functions, on every Python, and those of the page's modules
#   tools/test.sh quick          all but those in three browser engines, two of which nothing here installs, and the thorough
#   tools/test.sh WORDS          those that pytest's words choose, on the default Python
# Hypothesis makes up fewer examples for `unit`, `quick` and `functions quick`.
set -euo pipefail
cd "$(dirname "$0")/.."

# Some machines and images tell Python to write no bytecode. Then each of a thousand processes compiles what it imports.
unset PYTHONDONTWRITEBYTECODE

default=$(readlink .venv/default)
python=.venv/default/bin/python
functions="tests/shared tests/sign tests/callback tests/chain"
others="tests/localcloud tests/deploy tests/docs tests/e2e tests/browsers $(ls tests/test_*.py)"
# A file's tests stay together, for they share what the file built or started. Those of the functions keep a core busy
# each; the others wait as often as they work, and begin in the order of conftest.py, the long files first.
cores=$(getconf _NPROCESSORS_ONLN)
on_each_core="-q --dist loadfile -n $cores"
at_once="-q --dist loadfile -n $((2 * cores)) --no-loadscope-reorder"

if [ "${1:-}" = unit ]; then
    shift
    [ $# -gt 0 ] || ! command -v node >/dev/null || node --test tests/web/*.test.js
    exec $python -m pytest $at_once --hypothesis-profile=quick -m "not browser and not node_modules and not registry" "$@"
fi
if [ "${1:-}" = functions ]; then
    examples=${2:+--hypothesis-profile=$2}
    for runtime in 3.12 3.10; do
        [ -d ".venv/$runtime" ] || echo "Python $runtime, which Function Compute runs, is not on this machine: not tested on it."
    done
    echo "The page's modules, as they are in the npm package:"
    unpacked=$($python tests/support/npm_package.py)
    (cd "$unpacked" && node --preserve-symlinks --preserve-symlinks-main --test tests/web/*.test.js)
    echo "The functions, on Python $default:"
    $python -m coverage erase
    $python -m coverage run -m pytest $on_each_core $examples --nothing-missing $functions
    $python -m coverage combine -q
    $python -m coverage report
    for environment in .venv/3.*; do
        [ "$environment" != ".venv/$default" ] || continue
        echo "The functions, on Python ${environment#.venv/}:"
        "$environment/bin/python" -m pytest $on_each_core $examples -m "not any_python" --nothing-missing $functions
    done
    exit
fi

chosen=
profile=
if [ "${1:-}" = quick ]; then
    shift
    chosen="not thorough"
    profile=quick
    others=${others/" tests/browsers"/}
fi
[ $# = 0 ] || exec $python -m pytest -q --nothing-missing "$@"

# Those of the functions take what the others, which wait so often, leave of the cores, and are printed when all are done.
# Ctrl-C is for both; of itself bash would have what runs in the background ignore it.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
(trap - INT && exec nice -n 5 tools/test.sh functions $profile) >"$log" 2>&1 &
failed=
echo "Everything but the functions and the page's modules, which come below, on Python $default:"
$python -m pytest $at_once ${profile:+--hypothesis-profile=$profile} -m "$chosen" --nothing-missing $others || failed=$?
wait "$!" || failed=$?
cat "$log"
exit "${failed:-0}"
