#!/bin/sh
# Breaks the modules that decide what may be uploaded, one place at a time, in a copy, and runs their tests on each: whatever
# no test notices survives. Fails below a score of 90 %. `tools/mutants.sh signature post_policy` does these modules alone.
set -eu
cd "$(dirname "$0")/.."

modules=${*:-post_policy signature presigned_url ticket form upload tokens authorize upload_credentials sts multipart multipart_client http_client}
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
    echo "only_mutate = [$(for module in $modules; do printf '"src/direct_upload/%s.py",' "$module"; done)]"
    printf 'pytest_add_cli_args_test_selection = ['
    for test in tests/shared/test_app.py tests/sign/test_identity.py $(for module in $modules; do echo "tests/test_$module.py"; done); do printf '"%s",' "$test"; done
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
