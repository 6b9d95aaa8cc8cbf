"""Where the stand-in for OSS keeps objects and parts: in memory and on disk."""
