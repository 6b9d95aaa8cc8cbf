"""`python -m deploy COMMAND`: what the Makefile's commands run."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from localcloud.terminal import guard_output

COMMANDS = {
    "build": ("deploy.build.command", "make the functions' packages"),
    "deploy": ("deploy.deploy", "create or update everything in the cloud"),
    "remove": ("deploy.deploy", "delete everything in the cloud"),
    "doctor": ("deploy.doctor.command", "name each fault of what is set, declared and deployed"),
    "smoke": ("deploy.smoke.command", "try a deployment over its own addresses"),
    "files": ("deploy.files.command", "list what was uploaded, download or delete it"),
    "replay": ("deploy.replay", "send the webhook the events that it missed"),
    "link": ("deploy.link.command", "print an upload link"),
}
"""The module and the purpose of each command. A module is imported when its command is run: most load an SDK."""


def main(arguments: list[str]) -> int:
    """Runs the command named first with the arguments that follow; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy", description="The owner's tools.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (_, purpose) in COMMANDS.items():
        commands.add_parser(name, help=purpose, add_help=False)
    command = parser.parse_args(arguments[:1]).command
    module, _ = COMMANDS[command]
    code: int = import_module(module).run(command, arguments[1:])
    return code


if __name__ == "__main__":
    guard_output()
    sys.exit(main(sys.argv[1:]))
