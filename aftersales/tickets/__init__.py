"""Tickets: one customer problem each, from intake to the sealed archive."""
