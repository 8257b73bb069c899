"""Numbers as people and programs post them: the ones that are none are no server error."""

LONGEST = (
    18  # digits of the largest key; int() refuses thousands of them and knows digits that are no numbers
)


def whole(text: str | None) -> int | None:
    """A whole number of at most 18 plain digits, else None (``²``, ``٣``, ``-5`` and 5,000 nines are none)."""
    found = text or ""
    return int(found) if found.isascii() and found.isdigit() and len(found) <= LONGEST else None
