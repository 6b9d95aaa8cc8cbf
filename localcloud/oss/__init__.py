"""The stand-in for OSS."""
