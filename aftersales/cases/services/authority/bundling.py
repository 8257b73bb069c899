"""Evidence put together for an office: chosen pieces as they stand now, each with its fingerprint."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.authority.selectors import Piece, evidence_for
from aftersales.cases.models import AuthorityCase, EvidenceBundle
from aftersales.cases.services.authority.locking import held
from aftersales.core import events
from aftersales.core.errors import DomainError
from aftersales.standards.selectors import parameter


def bundle_make(*, letter: AuthorityCase, chosen: Sequence[str], actor: Any, now: datetime) -> EvidenceBundle:
    """Only what this person may see is put together. Errors: empty, too_many, gone (a piece he does not see)."""
    wanted = list(dict.fromkeys(chosen))
    if not wanted:
        raise DomainError(_("Choose at least one piece."), "empty")
    if len(wanted) > int(parameter("authority_bundle_pieces", now)):
        raise DomainError(_("So many pieces do not fit into one bundle; make two."), "too_many")
    with transaction.atomic():
        _ticket, current = held(letter, actor, "cases.handle_letter")
        there = {one.key: one for one in evidence_for(current, actor)}
        if missing := [key for key in wanted if key not in there]:
            raise DomainError(_("A piece is not there any more: %(key)s.") % {"key": missing[0]}, "gone")
        pieces = [
            _kept(place, one) for place, one in enumerate((p for p in there.values() if p.key in wanted), 1)
        ]
        row = EvidenceBundle(
            letter=current, pieces=pieces, sha256=fingerprint(manifest(pieces)), made_at=now, made_by=actor
        )
        row.save()
        events.record(
            "authority.bundled", subject=current, actor=actor, now=now,
            payload=current.told(count=len(pieces), sha256=row.sha256),
        )  # fmt: skip
    return row


def _kept(place: int, piece: Piece) -> dict[str, Any]:
    path = f"{place:03d}-{piece.kind}-{piece.file_name}"
    known = {"path": path, "kind": piece.kind, "label": piece.label, "at": piece.at.isoformat()}
    if piece.stored:
        return known | {"file": piece.stored, "size": piece.size, "sha256": piece.sha256}
    words = piece.text.encode()
    return known | {"text": piece.text, "size": len(words), "sha256": fingerprint(words)}


def manifest(pieces: Sequence[dict[str, Any]]) -> bytes:
    """The list of pieces with their fingerprints, the same bytes whenever it is asked."""
    told = [{key: one[key] for key in ("path", "kind", "label", "at", "size", "sha256")} for one in pieces]
    return (json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def bundle_erase_of(customer: Any, held_tickets: Any, now: datetime) -> None:
    """The words of an erased customer go from the bundles, fingerprints and moments stay; and who reported, once the
    letter is at its end."""
    ended = AuthorityCase.objects.filter(
        ticket__customer=customer, ended_at__isnull=False, reporter_erased_at=None
    )
    ended.exclude(ticket__in=held_tickets).update(
        reporter_name="", reporter_contact="", reporter_erased_at=now
    )
    rows = EvidenceBundle.objects.filter(letter__ticket__customer=customer, erased_at=None)
    for row in rows.exclude(letter__ticket__in=held_tickets):
        row.pieces = [
            {k: v for k, v in one.items() if k not in ("text", "file")} | {"label": ""} for one in row.pieces
        ]
        row.erased_at = now
        row.save(update_fields=["pieces", "erased_at"])
