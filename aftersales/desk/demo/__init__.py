"""The demonstration: invented people, shops, goods and sixty days of work, the same for the same seed."""
