"""Guessing costs: dead links are counted per address, and beyond a limit the answer is *too many*.

A live link is always served, also from an address somebody else guesses from (a shared line).
"""

from datetime import datetime

from django.core.cache import cache
from django.http import HttpRequest

from accounts.addresses import client_address

WINDOW = 600  # seconds
LIMIT = 30  # dead links of one address in one window: a person with an old mail tries a few times


def too_many(request: HttpRequest, now: datetime) -> bool:
    """Count one dead link of this address; answers whether that was one too many."""
    key = f"dead-link:{client_address(request)}:{int(now.timestamp()) // WINDOW}"
    if cache.add(key, 1, WINDOW):
        return False
    try:
        return cache.incr(key) > LIMIT
    except ValueError:  # it ran out between the two lines
        return False


ACTS = 60  # acts through one link in one window: more than a person with all his photos sends


def too_busy(link_id: int, now: datetime) -> bool:
    """Count one act through this link; answers whether that was one too many."""
    key = f"link-acts:{link_id}:{int(now.timestamp()) // WINDOW}"
    if cache.add(key, 1, WINDOW):
        return False
    try:
        return cache.incr(key) > ACTS
    except ValueError:
        return False
