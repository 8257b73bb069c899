"""Rewards and penalties that hang on figures: judged for a whole month, then due process (R6.5, R6.6)."""
