"""Figures for people who lead: read from the rows they open, never stored beside them."""
