"""Simulated agents at work on a running product (``make load``)."""
