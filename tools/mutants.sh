#!/bin/sh
# Breaks the rooms that decide what may be uploaded, one place at a time, in a copy, and runs their tests on each: whatever
# no test notices survives. Fails below a score of 90 %. `tools/mutants.sh signature post_policy` does these rooms alone.
set -eu
cd "$(dirname "$0")/.."

rooms=${*:-post_policy signature presigned ticket form upload tokens authorise credentials sts}
python=$PWD/.venv/default/bin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# mutmut knows no other folder than src, and names mutants by it.
mkdir "$work/src"
cp -R functions/sign/direct_upload functions/sign/index.py "$work/src"
cp -R tests localcloud vectors "$work"
ln -s "$PWD/node_modules" "$work/node_modules"
{
    echo '[tool.pytest.ini_options]'
    echo 'pythonpath = ["src", ".", "tests"]'
    echo 'addopts = ["--import-mode=importlib"]'
    echo '[tool.mutmut]'
    echo 'source_paths = ["src"]'
    echo 'also_copy = ["tests", "localcloud", "vectors"]'
    echo "only_mutate = [$(for room in $rooms; do printf '"src/direct_upload/%s.py",' "$room"; done)]"
    printf 'pytest_add_cli_args_test_selection = ['
    for test in tests/test_app.py tests/test_identity.py $(for room in $rooms; do echo "tests/test_$room.py"; done); do printf '"%s",' "$test"; done
    echo ']'
} >"$work/pyproject.toml"

cd "$work"
"$python/mutmut" run >mutmut.log 2>&1 || { tail -40 mutmut.log; exit 1; }
"$python/mutmut" results | sed -n 's/^ *\(.*\): .*/\1/p' | while read -r survivor; do "$python/mutmut" show "$survivor"; done
"$python/mutmut" export-cicd-stats >/dev/null
"$python/python" - <<'PYTHON'
import json, sys
counts = json.load(open("mutants/mutmut-cicd-stats.json"))
total, killed = counts["total"] - counts["skipped"], counts["killed"] + counts["timeout"]
print(f"{killed} of {total} mutants noticed: {killed / total:.1%}")
sys.exit(killed / total < 0.9)
PYTHON
