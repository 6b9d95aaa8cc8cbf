#!/bin/sh
# Breaks the modules that decide what may be uploaded, one place at a time, in a copy, and runs their tests on each: whatever
# no test notices survives. Fails below a score of 90 %. `tools/mutants.sh signature post_policy` does these modules alone.
set -eu
cd "$(dirname "$0")/.."

modules=${*:-post_policy signature presigned_url ticket form upload readable_text object_keys profiles tokens discovery provider_keys authorize credential_cache instants sts multipart multipart_client http_client callback_signature content_check file_type chat_robot}
python=$PWD/.venv/default/bin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# mutmut knows no other folder than src, and names mutants by it.
mkdir "$work/src"
cp -R functions/shared/* functions/callback/upload_callback functions/sign/direct_upload functions/sign/index.py "$work/src"
cp -R tests localcloud vectors docs CHANGELOG.md profiles.schema.json profiles.example.json "$work"
ln -s "$PWD/node_modules" "$work/node_modules"

"$python/python" - "$work" $modules >"$work/pyproject.toml" <<'PYTHON'
import json, sys
from pathlib import Path
work, names = Path(sys.argv[1]), sys.argv[2:]
def files(*folders, prefix=""):
    found = [file for folder in folders for file in sorted((work / folder).rglob("*.py"))]
    wanted = {f"{prefix}{name}.py" for name in names}
    if missing := wanted - {file.name for file in found}:
        sys.exit(f"There is no {', '.join(sorted(missing))} in {', '.join(folders)}.")
    return json.dumps([str(file.relative_to(work)) for file in found if file.name in wanted])
print("[tool.mutmut]")
print('source_paths = ["src"]')
print('also_copy = ["tests", "localcloud", "vectors", "docs", "CHANGELOG.md", "profiles.schema.json", "profiles.example.json"]')
print(f"only_mutate = {files('src')}")
names = [{"file_type": "content_check"}.get(name, name) for name in names]  # its tests have another's name
names += ["app", "identity", "profile_requests", "counted_links", "contents", "settings"]  # these hold what the modules do together
print(f"pytest_add_cli_args_test_selection = {files('tests/shared', 'tests/sign', 'tests/callback', prefix='test_')}")
print("[tool.pytest.ini_options]")
print('pythonpath = ["src", ".", "tests"]')
print('addopts = ["--import-mode=importlib"]')
PYTHON

cd "$work"
# With "*" mutmut first runs the tests by their names, unbroken, as it does for each mutant: a name that pytest no longer
# knows then ends the run, and does not count as one more mutant noticed.
"$python/mutmut" run "*" >mutmut.log 2>&1 || { tail -40 mutmut.log; exit 1; }
"$python/mutmut" results | sed -n 's/^ *\(.*\): .*/\1/p' | while read -r survivor; do "$python/mutmut" show "$survivor"; done
"$python/mutmut" export-cicd-stats >/dev/null
"$python/python" - <<'PYTHON'
import json, sys
counts = json.load(open("mutants/mutmut-cicd-stats.json"))
total, killed = counts["total"] - counts["skipped"], counts["killed"] + counts["timeout"]
print(f"{killed} of {total} mutants noticed: {killed / total:.1%}")
sys.exit(killed / total < 0.9)
PYTHON
