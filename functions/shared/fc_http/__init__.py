"""HTTP on Function Compute: events, responses, settings, invocations. Knows neither OSS nor uploads."""
