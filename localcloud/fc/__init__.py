"""The stand-in for Function Compute: its gateway, its events, an instance of a function."""
