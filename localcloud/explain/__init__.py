"""What an error of OSS or STS means, and how to fix it."""
