"""A merchant's own rows as sheets. No customer's name leaves here."""

from . import addresses, cases, receipts
from .shared import OfShop

__all__ = ["OfShop", "addresses", "cases", "receipts"]
