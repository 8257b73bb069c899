"""Registers: ordinary rows that people keep (merchants, standards …). Saved through the same door as a move."""

from aftersales.core.moves import change as save
from aftersales.core.moves import create

__all__ = ["create", "save"]
