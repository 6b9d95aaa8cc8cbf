"""Stand-ins for STS, OSS, static hosting and Function Compute's gateway, on loopback."""
