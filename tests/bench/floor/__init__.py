"""Floors: the same columns and indexes with nothing but django-fsm-2 and simple-history around them."""
