#!/bin/sh
# Runs the tests on every Python set up: all of them on the default one; on the others all but those of programs that are
# not written in Python: browsers, Serverless Devs, the vendor's validators. Branch coverage of the functions is of the
# tests without these programs, too: they call the functions themselves, and measuring takes half as long again.
set -eu
cd "$(dirname "$0")/.."

# A file's tests stay together, for they share what the file built or started.
pytest="-m pytest -q -n auto --dist loadfile"
other_programs="tests/e2e tests/browsers tests/deployment/test_s_yaml.py tests/deployment/test_site_component.py
    tests/deployment/test_ros_template.py"
python_alone=$(printf -- '--ignore %s ' $other_programs)

default=$(readlink .venv/default)
for runtime in 3.12 3.10; do
    [ -d ".venv/$runtime" ] || echo "Python $runtime, which Function Compute runs, is not on this machine: not tested on it."
done
echo "The page's modules:"
node --test tests/web/*.test.js
echo "Python $default:"
.venv/default/bin/coverage erase
.venv/default/bin/coverage run $pytest $python_alone "$@"
.venv/default/bin/coverage combine -q
.venv/default/bin/coverage report
echo "Python $default, browsers and Serverless Devs:"
.venv/default/bin/python $pytest $other_programs "$@"
for environment in .venv/3.*; do
    [ "$environment" = ".venv/$default" ] && continue
    echo "Python ${environment#.venv/}, without the browsers and without Serverless Devs:"
    "$environment/bin/python" $pytest $python_alone "$@"
done
