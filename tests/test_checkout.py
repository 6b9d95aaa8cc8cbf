"""What the owner has put into the checkout is read by no test."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from localcloud.dev.cloud import ROOT
from support.checkout import COMMANDS, OWNERS


@pytest.mark.parametrize("name", OWNERS)
def test_no_test_reads_what_the_owner_has_put_into_the_checkout(name: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(name)):
        (ROOT / name).read_bytes()


@pytest.mark.parametrize("module", sorted(COMMANDS))
def test_no_test_starts_a_command_that_reads_it(module: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(module)):
        subprocess.run([sys.executable, "-m", module, "--help"], cwd=ROOT, check=True)  # noqa: S603 - never starts
