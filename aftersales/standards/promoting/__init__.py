"""Promotion mode: dated overrides of numbers of the rule book, which end by themselves (大促)."""
