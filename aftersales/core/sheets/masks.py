"""Masks of personal data in SQL: the same faces as ``core.wording.masked`` (a test compares them)."""


def mask_sql(value: str, kind: str) -> str:
    """An expression that shows ``value`` masked; empty stays empty."""
    face = MASKS[kind].format(v=f"btrim({value})")
    return f"CASE WHEN coalesce(btrim({value}), '') = '' THEN '' ELSE {face} END"


_DIGITS = "regexp_replace({v}, '[^0-9]', '', 'g')"
MASKS = {
    "name": (
        "CASE char_length({v}) WHEN 1 THEN '*' WHEN 2 THEN left({v}, 1) || '*' "
        "ELSE left({v}, 1) || '*' || right({v}, 1) END"
    ),
    "phone": (
        f"CASE WHEN char_length({_DIGITS}) >= 11 THEN left({_DIGITS}, 3) || ' **** ' || right({_DIGITS}, 4) "
        f"ELSE '**** ' || right({_DIGITS}, 2) END"
    ),
    "email": "CASE WHEN {v} LIKE '%@%' THEN left({v}, 1) || '***@' || split_part({v}, '@', 2) ELSE '***' END",
    "address": "CASE WHEN char_length({v}) > 6 THEN left({v}, 6) || ' ****' ELSE '****' END",
    "code": "CASE WHEN char_length({v}) > 4 THEN '**** ' || right({v}, 4) ELSE '****' END",
}
