"""What the platform paid first for a merchant, and how it gets it back (R4.10)."""
