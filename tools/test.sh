#!/bin/sh
# Runs the tests on every Python set up: all of them on the default one, with branch coverage of the functions; on the
# others all but those of programs that are not written in Python: browsers, Serverless Devs, the vendor's validators.
set -eu
cd "$(dirname "$0")/.."

# A file's tests stay together, for they share what the file built or started.
ON_EVERY_CORE="-q -n auto --dist loadfile"

default=$(readlink .venv/default)
for runtime in 3.12 3.10; do
    [ -d ".venv/$runtime" ] || echo "Python $runtime, which Function Compute runs, is not on this machine: not tested on it."
done
echo "The page's modules:"
node --test tests/web/*.test.js
echo "Python $default:"
.venv/default/bin/coverage run -m pytest $ON_EVERY_CORE "$@"
.venv/default/bin/coverage combine -q
.venv/default/bin/coverage report
for environment in .venv/3.*; do
    [ "$environment" = ".venv/$default" ] && continue
    echo "Python ${environment#.venv/}, without the browsers and without Serverless Devs:"
    "$environment/bin/pytest" $ON_EVERY_CORE --ignore tests/e2e --ignore tests/browsers --ignore tests/deployment/test_s_yaml.py \
        --ignore tests/deployment/test_site_component.py --ignore tests/deployment/test_ros_template.py "$@"
done
