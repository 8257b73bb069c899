"""What a seal covers, and the proof that it still does. Reads only.

A leaf is the SHA-256 of a transfer together with its entry: every column, none of them in a form that a setting of the
session could change (moments as seconds).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from aftersales.ledger.models import Anchor, Seal

LEAF = 32  # bytes
_COVERED = """sha256(convert_to(ROW(
    t.id, t.journal_id, t.line, t.month, t.debit_id, t.credit_id, t.unit, t.amount, t.debit_balance, t.credit_balance,
    extract(epoch FROM t.booked_at), j.public_id, j.kind, j.source_kind, j.source_id, j.month,
    extract(epoch FROM j.booked_at), j.lines, j.total, j.unit, j.about_people, j.merchant_id, j.reverses_id,
    j.rule_version, j.actor_id, j.actor_name)::text, 'UTF8'))"""
LEAVES_OF_RUN = f"""
    SELECT count(*), max(id), string_agg(leaf, ''::bytea ORDER BY id)
      FROM (SELECT t.id, {_COVERED} AS leaf
              FROM ledger_transfer t LEFT JOIN ledger_journal j ON j.id = t.journal_id
             WHERE t.id > %s AND t.id <= %s ORDER BY t.id LIMIT %s) AS run
"""  # noqa: S608 - our own words
_ROWS = f"""
    SELECT t.id, {_COVERED} FROM ledger_transfer t LEFT JOIN ledger_journal j ON j.id = t.journal_id
     WHERE t.id > %s AND t.id <= %s ORDER BY t.id
"""  # noqa: S608 - our own words
_UNLIKE = f"""
    WITH found AS MATERIALIZED (
        SELECT s.id, string_agg({_COVERED}, ''::bytea ORDER BY t.id) AS leaves
          FROM ledger_seal s
          JOIN ledger_transfer t ON t.id > s.after_id AND t.id <= s.last_id
          LEFT JOIN ledger_journal j ON j.id = t.journal_id
         WHERE s.id > %s AND s.id <= %s GROUP BY s.id)
    SELECT s.id, s.after_id, s.last_id, s.transfers, s.previous, s.digest,
           encode(sha256(convert_to(s.previous, 'UTF8') || s.leaves), 'hex'), found.leaves IS NOT DISTINCT FROM s.leaves
      FROM ledger_seal s LEFT JOIN found ON found.id = s.id
     WHERE s.id > %s AND s.id <= %s ORDER BY s.id
"""  # noqa: S608 - our own words
AT_ONCE = 50  # seals that are proved by one statement


@dataclass(frozen=True)
class Broken:
    """A seal or an anchor that does not hold, and the row that broke it where one can be named."""

    row: str
    detail: str


def broken() -> Iterator[Broken]:
    """Every place where the chain does not hold, in its order."""
    last_id, digest = 0, ""
    for seal, after, upto, transfers, previous, stored, counted, same in _seals():
        name = f"seal {seal}"
        if (after, previous) != (last_id, digest):
            yield Broken(name, "does not follow the seal before it")
        if counted != stored:
            yield Broken(name, "its hash is not that of its rows")
        if not same:
            yield _changed(seal, after, upto, transfers)
        last_id, digest = upto, stored
    yield from _anchors()


def _seals() -> Iterator[tuple[int, int, int, int, str, str, str, bool]]:
    top = Seal.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    with connection.cursor() as cursor:
        for start in range(0, top, AT_ONCE):
            cursor.execute(_UNLIKE, [start, start + AT_ONCE] * 2)
            yield from cursor.fetchall()


def _changed(seal: int, after: int, upto: int, transfers: int) -> Broken:
    """The first transfer that is not as it was when it was sealed."""
    leaves = bytes(Seal.objects.values_list("leaves", flat=True).get(pk=seal))
    kept = {leaves[at : at + LEAF] for at in range(0, len(leaves), LEAF)}
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [after, upto])
        rows = cursor.fetchall()
    for key, leaf in rows:
        if bytes(leaf) not in kept:
            return Broken(f"transfer {key}", f"was changed or added after seal {seal}")
    return Broken(f"seal {seal}", f"covers {transfers} transfers, {len(rows)} are left")


def _anchors() -> Iterator[Broken]:
    """Anchors whose hash is that of no seal: the chain was made anew."""
    known = set(Seal.objects.values_list("last_id", "digest"))
    for anchor in Anchor.objects.order_by("day"):
        if (anchor.last_id, anchor.digest) not in known:
            yield Broken(f"anchor {anchor.day:%Y-%m-%d}", "its seal is gone")


def holds(digest: str) -> bool:
    """Whether a hash that was kept elsewhere is still one of the chain's."""
    return Seal.objects.filter(digest=digest.strip().lower()).exists()
