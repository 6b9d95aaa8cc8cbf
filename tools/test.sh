#!/bin/sh
# Runs the tests: those of the functions on every Python set up, since Function Compute runs two, with branch coverage on
# the default one; all others (the stand-ins, the owner's tools, the page) on the default one alone.
set -eu
cd "$(dirname "$0")/.."

# A file's tests stay together, for they share what the file built or started. Four at a time, for they wait as often as
# they work.
pytest="-m pytest -q -n 4 --dist loadfile"
of_functions="tests/shared tests/sign tests/callback tests/chain"
others="tests/localcloud tests/deploy tests/docs tests/e2e tests/browsers $(ls tests/test_*.py)"

default=$(readlink .venv/default)
for runtime in 3.12 3.10; do
    [ -d ".venv/$runtime" ] || echo "Python $runtime, which Function Compute runs, is not on this machine: not tested on it."
done
echo "The page's modules:"
node --test tests/web/*.test.js
echo "The functions, on Python $default:"
.venv/default/bin/coverage erase
.venv/default/bin/coverage run $pytest $of_functions "$@"
.venv/default/bin/coverage combine -q
.venv/default/bin/coverage report
for environment in .venv/3.*; do
    [ "$environment" = ".venv/$default" ] && continue
    echo "The functions, on Python ${environment#.venv/}:"
    "$environment/bin/python" $pytest $of_functions "$@"
done
echo "Everything else, on Python $default:"
.venv/default/bin/python $pytest $others "$@"
