"""Escaping for rows: the common case, text without a special character, is passed through."""

from __future__ import annotations

import re
from html import escape as _escape

_special = re.compile(r"[&<>\"']").search


def escape(value: object) -> str:
    """Text that is safe inside an element and inside a quoted attribute."""
    text = value if type(value) is str else str(value)
    return _escape(text) if _special(text) else text
