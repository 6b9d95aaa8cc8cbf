"""The real Serverless Devs, from npm."""

from __future__ import annotations

from pathlib import Path

from localcloud.dev.cloud import ROOT

PROGRAM = ROOT / "node_modules" / ".bin" / "s"

ENVIRON = {
    "NODE_ENV": "test",  # begins no process in the background
    "NODE_OPTIONS": f'--require "{Path(__file__).with_name("quick_start.cjs")}"',
}
"""What each run of it has in its environment."""
