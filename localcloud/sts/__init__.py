"""The stand-in for STS."""
