"""How alike two texts are, and how sure two tickets are one problem. Pure: no query, no clock, the same every time."""

import hashlib
import re
import unicodedata
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from aftersales.tickets.states import SameReason

HASHES, ROWS = 48, 3  # of a sketch; in one band: three equal hashes make two texts candidates
FEWEST = 6  # pairs; a shorter text is like too many others
LONGEST = 4000  # characters that are looked at
UNITS = re.compile(r"[a-z0-9à-ɏ]+|[^\W\d_]")
MASK = (1 << 61) - 1


def pairs(text: str) -> set[str]:
    """The neighbouring units of a text without case, width and punctuation: characters of Chinese, words of Latin."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST]).lower()
    units = UNITS.findall(plain)
    return {f"{one} {other}" for one, other in zip(units, units[1:], strict=False)}


@lru_cache(maxsize=1)
def _factors() -> list[tuple[int, int]]:
    """One multiplier and one addend for each hash, from a fixed seed: sketches of all times compare."""
    found = []
    for number in range(HASHES):
        seed = hashlib.blake2b(f"sketch {number}".encode(), digest_size=16).digest()
        found.append((int.from_bytes(seed[:8], "big") % MASK | 1, int.from_bytes(seed[8:], "big") % MASK))
    return found


def sketch(text: str) -> list[int]:
    """The least hash of the pairs under each of 48 orders; empty for a text too short to tell."""
    found = [zlib.crc32(pair.encode()) for pair in pairs(text)]
    if len(found) < FEWEST:
        return []
    return [min((factor * one + addend) % MASK for one in found) for factor, addend in _factors()]


def bands(made: Sequence[int]) -> list[int]:
    """Keys of which two alike texts share at least one."""
    return [
        int.from_bytes(
            hashlib.blake2b(repr((start, made[start : start + ROWS])).encode(), digest_size=8).digest(),
            "big", signed=True,
        )
        for start in range(0, len(made), ROWS)
    ]  # fmt: skip


def likeness(one: Sequence[int], other: Sequence[int]) -> int:
    """Share of common pairs in per cent, as the sketches tell it."""
    if not one or len(one) != len(other):
        return 0
    return round(100 * sum(a == b for a, b in zip(one, other, strict=True)) / len(one))


@dataclass(frozen=True)
class Seen:
    """What is compared of a ticket."""

    pk: int
    kind: str
    order_id: int | None
    customer_id: int | None
    sketch: Sequence[int] = ()


@dataclass(frozen=True)
class Likely:
    """How sure (0–100) and why; reasons are codes with numbers."""

    score: int
    reasons: list[list[object]]


def likely(one: Seen, other: Seen, why: Iterable[str], weights: Mapping[str, int], alike: int) -> Likely:
    """Two tickets as one problem: each reason adds its weight of the rule book, two different orders take away.

    Words alone say nothing of two known customers: many people complain of the same in the same words.
    """
    found = set(why)
    words = likeness(one.sketch, other.sketch)
    other_order = bool(one.order_id and other.order_id and one.order_id != other.order_id)
    strangers = bool(one.customer_id and other.customer_id and one.customer_id != other.customer_id)
    known = found & {SameReason.ORDER, SameReason.CUSTOMER, SameReason.CONTACT}
    if not known and strangers:
        return Likely(0, [])
    reasons: list[list[object]] = [[str(code), 0] for code in SameReason if code in known]
    score = sum(weights[str(code)] for code in known)
    score += weights["kind"] if one.kind == other.kind else 0
    score -= weights["other_order"] if other_order else 0
    if words >= alike:
        reasons.append([str(SameReason.WORDS), words])
        score += weights["words"] * words // 100
    return Likely(max(0, min(100, score)) if reasons else 0, reasons)
