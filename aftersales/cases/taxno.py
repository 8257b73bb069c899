"""The unified social credit code (GB 32100): 18 characters, the last of which is computed from the others."""

LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH = 18


def check_character(first: str) -> str:
    """The eighteenth character of these seventeen: weights are powers of three, modulo 31."""
    total = sum(LETTERS.index(one) * pow(3, place, 31) for place, one in enumerate(first))
    return LETTERS[-total % 31]


def is_credit_code(text: str) -> bool:
    """Whether this can be a company's tax number: no I, O, S, V or Z, a region of six digits, and the right end."""
    if len(text) != LENGTH or any(one not in LETTERS for one in text):
        return False
    return text[2:8].isdigit() and check_character(text[:-1]) == text[-1]


def plain(text: str) -> str:
    """As it is printed: capitals without blanks."""
    return "".join(text.split()).upper()
