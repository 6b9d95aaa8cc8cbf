"""The owner's tools: one module or package for each `make` command, run as `python -m deploy COMMAND`."""
