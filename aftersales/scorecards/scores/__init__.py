"""Scores: what a version of a formula says of somebody's figures, why, and what would change it."""
