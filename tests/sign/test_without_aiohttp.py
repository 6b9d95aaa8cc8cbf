"""Tests the SDK without aiohttp: what it takes from the placeholder, and that nothing else notices.

Each test runs another process, since this one has loaded the SDK already.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CODE = Path(__file__).parents[2] / "functions" / "sign"

BEGIN = f"""
import sys
sys.path.insert(0, {str(CODE)!r})
from direct_upload import without_aiohttp
"""

SDK = """
    import alibabacloud_credentials.client, alibabacloud_sts20150401.client, alibabacloud_sts20150401.models
    import alibabacloud_tea_openapi.utils_models, darabonba.policy.retry
"""

FRIENDS = """
friends = {"aiohttp", "aiohappyeyeballs", "aiosignal", "attr", "attrs", "frozenlist", "multidict", "propcache", "yarl"}
print(sorted(friends & {name.partition(".")[0] for name in sys.modules}))
"""


def says(program: str) -> str:
    done = subprocess.run(  # noqa: S603 - this Python, with this test's program
        [sys.executable, "-c", BEGIN + program], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def test_the_sdk_takes_these_names_and_no_others() -> None:
    """Fails when a new version of the vendor's packages begins to use more of aiohttp."""
    program = "with without_aiohttp.without_aiohttp() as placeholder:" + SDK + "print(sorted(placeholder.names))"
    assert says(program) == "['ClientResponse', 'ClientSession']"


def test_nothing_of_aiohttp_is_loaded() -> None:
    assert says("with without_aiohttp.without_aiohttp():" + SDK + FRIENDS) == "[]"


def test_afterwards_aiohttp_is_what_it_is() -> None:
    program = (
        "with without_aiohttp.without_aiohttp():" + SDK + "import aiohttp; print(aiohttp.ClientSession.__module__)"
    )
    assert says(program) == "aiohttp.client"


def test_where_it_is_loaded_already_it_stays() -> None:
    program = "import aiohttp\nwith without_aiohttp.without_aiohttp() as placeholder:\n    import aiohttp as again"
    assert says(program + "\nprint(placeholder, again is aiohttp)") == "None True"


def test_one_line_switches_it_off() -> None:
    program = "without_aiohttp.ENABLED = False\nwith without_aiohttp.without_aiohttp() as placeholder:" + SDK
    assert says(program + "print(placeholder, sys.modules['aiohttp'].ClientSession.__module__)") == (
        "None aiohttp.client"
    )
