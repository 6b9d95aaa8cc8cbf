"""`make files`: what was uploaded, and fetching it."""
