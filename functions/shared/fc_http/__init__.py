"""HTTP on Function Compute: events, responses, settings, one invocation. Knows nothing of OSS or of uploads."""
