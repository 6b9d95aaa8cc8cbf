"""`make build`: the packages that Function Compute runs."""
