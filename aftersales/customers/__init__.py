"""Customers: persons, their account ids and their contacts."""
