#!/usr/bin/env bash
# Runs the tests: those of the functions on every Python set up, since Function Compute runs two, with branch coverage on
# the oldest, where it costs least; all others (the stand-ins, the owner's tools, the page) on the default one alone.
#   tools/test.sh unit [WORDS]   those that need no browser, no Serverless Devs, no registry and no process of their own,
#                                without the thorough and those of the whole way, on the default Python
#   tools/test.sh functions      those of the functions, on every Python, and those of the page's modules
#   tools/test.sh quick          all but those in three browser engines, two of which nothing here installs, and the thorough
#   tools/test.sh WORDS          those that pytest's words choose, on the default Python
# Hypothesis makes up fewer examples for `unit` and `quick`.
set -euo pipefail
cd "$(dirname "$0")/.."

# Some machines and images tell Python to write no bytecode. Then each of a thousand processes compiles what it imports.
unset PYTHONDONTWRITEBYTECODE

# Each line is for one process, which reads these tests and no others. Of a folder in several lines, the last has the rest.
without() { printf -- '--ignore=%s ' "$@"; }
functions="tests/sign
tests/shared tests/callback tests/chain"
page="tests/e2e/test_[a-c]*.py
tests/e2e/test_[d-l]*.py
tests/e2e $(without tests/e2e/test_[a-l]*.py)"
others="tests/deploy/test_s_yaml*.py
tests/deploy/build tests/deploy/test_[a-d]*.py
tests/deploy/site tests/deploy/doctor tests/deploy/hooks
tests/deploy $(without tests/deploy/{build,site,doctor,hooks,test_s_yaml*.py,test_[a-d]*.py})
tests/localcloud/oss
tests/localcloud $(without tests/localcloud/oss)
tests $(without tests/{e2e,browsers,deploy,localcloud,sign,shared,callback,chain})"
# The unit tests take little beside what all import: no more processes than cores keep busy.
unit="tests/deploy
tests/localcloud
tests/sign tests/shared tests/callback
tests $(without tests/{e2e,browsers,deploy,localcloud,sign,shared,callback,chain})"

python=.venv/default/bin/python
pytest="-m pytest -q --nothing-missing"
environments=(.venv/3.*)
oldest=${environments[0]}

# Puts a command before each line.
with() {
    while read -r words; do echo "$* $words"; done
}

# Runs the lines, more at a time than there are cores, for many wait as often as they work. When one has ended, prints what
# it wrote, without the dots of tests that passed.
run() {
    tr '\n' '\0' | xargs -0 -n 1 -P $((3 * $(getconf _NPROCESSORS_ONLN))) bash -c '
        status=0
        output=$(eval "$0" 2>&1) || status=$?
        printf "%s\n%s\n\n" "$0" "$(grep -v "^[.s]* *\[ *[0-9]*%\]$" <<<"$output")"
        exit $((status > 0))'
}

marks=
profile=
case "${1:-all}" in
unit)
    marks="not browser and not node_modules and not registry and not thorough"
    quick="-m pytest -q --hypothesis-profile=quick --no-processes"
    [ $# = 1 ] || exec $python $quick $(without tests/chain) -m "$marks" "${@:2}"
    {
        with "$python $quick -m '$marks'" <<<"$unit"
        ! command -v node >/dev/null || echo "node --test tests/web/*.test.js"
    } | run
    exit
    ;;
functions) page= others= ;;
quick) marks="-m 'not thorough'" profile=--hypothesis-profile=quick ;;
all) page="tests/browsers
$page" ;;
*) exec $python $pytest "$@" ;;
esac

for runtime in 3.12 3.10; do
    [ -d ".venv/$runtime" ] || echo "Python $runtime, which Function Compute runs, is not on this machine: not tested on it."
done
# Where nothing is compiled yet, each process would compile what all import.
$python -m pytest -q --collect-only tests/test_architecture.py >/dev/null
$oldest/bin/python -m coverage erase
failed=
{
    # What waits most begins first.
    [ -z "$others" ] || with "$python $pytest $profile $marks" <<<"$page
$others"
    for environment in "${environments[@]}"; do
        measure= chosen=
        [ "$environment" != "$oldest" ] || measure="-m coverage run --parallel-mode"
        [ "$environment" -ef .venv/default ] || chosen="-m 'not any_python'"
        with "$environment/bin/python $measure $pytest $profile $chosen" <<<"$functions"
    done
    echo "cd \$($python tests/support/npm_package.py) && node --preserve-symlinks --preserve-symlinks-main --test tests/web/*.test.js"
} | run || failed=$?
$oldest/bin/python -m coverage combine -q
$oldest/bin/python -m coverage report || failed=$?
exit "${failed:-0}"
