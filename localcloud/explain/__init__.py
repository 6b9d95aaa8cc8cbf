"""The rulebook: which rule an error of OSS or STS is about, and what to change."""
