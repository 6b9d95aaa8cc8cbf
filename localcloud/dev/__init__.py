"""Everything at once on one machine: page, functions, STS and OSS."""
