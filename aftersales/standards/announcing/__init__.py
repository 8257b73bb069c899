"""Rules that are announced before they count: one way to draft, correct, announce and return them (R6.6, R6.8)."""
