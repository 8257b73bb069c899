"""Letters as bytes: read defensively, turned into words. No rows, no network."""
