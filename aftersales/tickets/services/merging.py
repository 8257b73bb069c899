"""Two tickets of one problem go on as one, and apart again when that was a mistake (DESIGN 4: merged, undoable).

Nothing is moved: messages, files and signals stay where they arrived and are read together. No breach is merged away:
the clocks room keeps what ran out and lets the stricter of two promises go on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import system_user
from aftersales.clocks import services as clocks
from aftersales.core import moves
from aftersales.core.errors import DomainError, NotPermitted, Refusal, Refused
from aftersales.standards.selectors import duration, parameter
from aftersales.tickets import rules
from aftersales.tickets.models import DuplicatePair, Ticket, TicketMerge, TicketParty
from aftersales.tickets.selectors.dispatching import own_order_facts
from aftersales.tickets.selectors.merging import parents_of
from aftersales.tickets.selectors.pulling import lacking_certificate
from aftersales.tickets.services.locking import refuse_sealed, root_of
from aftersales.tickets.states import (
    ACTIVE_STATES,
    OPEN_STATES,
    SEVERITY_ORDER,
    PairVerdict,
    TicketState,
    WaitFor,
)

CHOOSABLE = ("subject", "kind", "severity", "nature", "assignee", "team")
GRADE = ("kind", "severity", "nature")


@dataclass(frozen=True)
class _Merge:
    """One request to merge, judged under the locks."""

    into: Ticket
    parts: Sequence[Ticket]
    chosen: Mapping[str, Ticket]
    actor: Any
    now: datetime
    reason: str

    @property
    def all(self) -> list[Ticket]:
        return [self.into, *self.parts]

    def of(self, field: str) -> Any:
        """The value that goes on: of the chosen ticket, else the survivor's; the graver severity by itself."""
        if field == "severity" and field not in self.chosen:
            return max((row.severity for row in self.all), key=SEVERITY_ORDER.index)
        return getattr(self.chosen.get(field, self.into), field)


def ticket_merge(
    *,
    survivor: Ticket,
    others: Sequence[Ticket],
    actor: Any,
    now: datetime,
    reason: str,
    chosen: Mapping[str, int] | None = None,
    versions: Mapping[int, int] | None = None,
    source_ref: str = "",
) -> Ticket:
    """Let ``survivor`` go on for ``others`` too; answers the survivor.

    ``chosen``: from which ticket (its key) a field is taken, of subject, kind, severity, nature, assignee and team.
    ``versions``: what the person looked at. The first contacted of them stays the owner (R3.3). The same
    ``source_ref`` twice is one merge. Errors: reason, nothing, too_many, chosen, Conflict, Busy and every refusal of
    the rules.
    """
    if not actor.has_perm("tickets.merge"):
        raise NotPermitted()
    if not reason.strip():
        raise DomainError(_("Say why they are the same problem."), "reason")
    wanted = {row.pk: row for row in others}
    _refuse_number(len(wanted), now)
    with transaction.atomic():
        locked = _locked([survivor, *wanted.values()], {})
        if source_ref and TicketMerge.objects.filter(source_ref__in=_refs(source_ref, wanted)).exists():
            return locked[survivor.pk]
        _refuse_stale(locked, versions or {})
        merge = _Merge(
            locked[survivor.pk], [locked[pk] for pk in sorted(wanted) if pk in locked],
            _chosen_rows(chosen or {}, locked), actor, now, reason,
        )  # fmt: skip
        _judge(merge)
        return _carry_out(merge, source_ref)


def _refs(source_ref: str, keys: Iterable[int]) -> list[str]:
    """One name for each merged ticket of one act."""
    return [f"{source_ref}:{pk}" for pk in keys]


def _refuse_number(number: int, now: datetime) -> None:
    if not number:
        raise DomainError(_("Choose the tickets to merge."), "nothing")
    most = int(parameter("merge_most", now))
    if number > most:
        raise DomainError(_("At most %(most)d tickets are merged at once.") % {"most": most}, "too_many")


def _locked(
    rows: Sequence[Ticket], versions: Mapping[int, int], beside: Iterable[int] = ()
) -> dict[int, Ticket]:
    """All of them in the order of their keys, whoever asks: two who merge crosswise wait for each other.

    ``beside``: keys of those that stay as they are, and must not change meanwhile.
    """
    found, keys = {}, {row.pk for row in rows}
    for pk in sorted({*keys, *beside}):
        found[pk] = moves.locked(Ticket(pk=pk), version=versions.get(pk))
        if pk in keys:
            refuse_sealed(found[pk])
    return found


def _refuse_stale(locked: Mapping[int, Ticket], versions: Mapping[int, int]) -> None:
    for pk, row in locked.items():
        if pk in versions and versions[pk] != row.version:
            moves.locked(row, version=versions[pk])  # raises with both values


def _chosen_rows(chosen: Mapping[str, int], locked: Mapping[int, Ticket]) -> dict[str, Ticket]:
    if set(chosen) - set(CHOOSABLE) or set(chosen.values()) - set(locked):
        raise DomainError(_("Choose the values from the tickets that are merged."), "chosen")
    return {field: locked[pk] for field, pk in chosen.items()}


def _judge(merge: _Merge) -> None:
    """Every reason of every ticket at once; the door asks again."""
    found: list[Refusal] = []
    for part in merge.parts:
        if part.state not in ACTIVE_STATES and part.pk != merge.into.pk:
            words = _("%(number)s is “%(state)s”: only tickets that are being worked on are merged.")
            found.append(
                Refusal("wrong_state", words % {"number": part.number, "state": part.get_state_display()})
            )
            continue
        found += rules.fit_to_merge(part, {}, merge.actor, merge.now, {"into": merge.into})
    found += _milder(merge)
    if found:
        raise Refused(found)


def _milder(merge: _Merge) -> list[Refusal]:
    """The chosen grade may not protect the customer less than the worst of them did, unless a second person says so."""
    worst = max((row.severity for row in merge.all), key=SEVERITY_ORDER.index)
    lower = SEVERITY_ORDER.index(merge.of("severity")) < SEVERITY_ORDER.index(worst)
    grave = any(rules.is_grave(row.severity, row.nature, row.kind) for row in merge.all)
    lost = grave and not rules.is_grave(*(merge.of(name) for name in ("severity", "nature", "kind")))
    second = merge.actor.has_perm("tickets.lower_severity") and merge.into.assignee_id != merge.actor.pk
    if (lower or lost) and not second:
        return [
            Refusal("second_person", _("A grade is made milder by a lead who does not handle the ticket."))
        ]
    return []


def _carry_out(merge: _Merge, source_ref: str) -> Ticket:
    into, parts, now = merge.into, merge.parts, merge.now
    before = {part.pk: part.state for part in parts}
    done = clocks.clocks_join(into=into, others=parts, actor=merge.actor, now=now)
    for part in parts:
        moves.perform(part, "merge", actor=merge.actor, now=now, reason=merge.reason, into=into)
    parties = {part.pk: _parties_join(into, part) for part in parts}
    TicketMerge.objects.filter(root__in=parts, undone_at=None).update(root=into)
    TicketMerge.objects.bulk_create(
        TicketMerge(
            ticket=part, survivor=into, root=into, from_state=before[part.pk], at=now, by=merge.actor,
            kept={"clocks": done[part.pk], "parties": parties[part.pk], "owner": into.owner_id},
            source_ref=f"{source_ref}:{part.pk}" if source_ref else "",
        )
        for part in parts
    )  # fmt: skip
    _pairs_settle(merge)
    return _go_on(merge, [pk for added in parties.values() for pk in added])


def _parties_join(into: Ticket, part: Ticket) -> list[int]:
    """The merchants of the merged ticket are concerned by the one that goes on; answers those that were not yet."""
    known = set(into.parties.values_list("merchant_id", flat=True))
    added = sorted(set(part.parties.values_list("merchant_id", flat=True)) - known)
    TicketParty.objects.bulk_create(TicketParty(ticket=into, merchant_id=pk) for pk in added)
    return added


def _pairs_settle(merge: _Merge) -> None:
    keys = [row.pk for row in merge.all]
    DuplicatePair.objects.filter(ticket__in=keys, other__in=keys).update(
        verdict=PairVerdict.MERGED, decided_at=merge.now, decided_by=merge.actor
    )


def _go_on(merge: _Merge, parties: list[int]) -> Ticket:
    """What the survivor takes over, told as the acts they are: joined, graded, given to somebody, gone on."""
    into, actor, now = merge.into, merge.actor, merge.now
    heard = [row.last_customer_at for row in merge.all if row.last_customer_at]
    columns: dict[str, Any] = {"subject": merge.of("subject"), "owner_id": _first_contact(merge.all)}
    columns |= {"last_customer_at": max(heard)} if heard else {}
    current = moves.change(
        into, actor=actor, now=now, event="ticket.absorbed", reason=merge.reason,
        payload={
            "other_ids": [part.pk for part in merge.parts], "others": ", ".join(part.number for part in merge.parts),
            "chosen": sorted(merge.chosen), "parties": parties,
        },
        **columns,
    )  # fmt: skip
    current = _graded(merge, current)
    current = _given(merge, current)
    waits = current.state == TicketState.WAITING and current.wait_for == WaitFor.CUSTOMER
    if waits and any(_said_since(part, into) for part in merge.parts):
        current = moves.perform(current, "resume", actor=system_user(), now=now)
    return current


def _first_contact(rows: Sequence[Ticket]) -> int | None:
    """The person whom the customer reached first (R3.3)."""
    with_owner = [row for row in rows if row.owner_id]
    return min(with_owner, key=lambda row: (row.opened_at, row.pk)).owner_id if with_owner else None


def _said_since(part: Ticket, into: Ticket) -> bool:
    """The customer said there what this ticket waits for."""
    return part.last_customer_at is not None and (
        into.last_staff_at is None or part.last_customer_at > into.last_staff_at
    )


def _graded(merge: _Merge, current: Ticket) -> Ticket:
    grade = {name: merge.of(name) for name in GRADE}
    if all(getattr(current, name) == value for name, value in grade.items()):
        return current
    old = {f"old_{name}": getattr(current, name) for name in GRADE}
    return moves.change(
        current, actor=merge.actor, now=merge.now, event="ticket.regraded", reason=merge.reason,
        payload={**grade, **old, "rules": ""}, graded_by="", **grade,
    )  # fmt: skip


def _given(merge: _Merge, current: Ticket) -> Ticket:
    """The chosen person and team; a ticket nobody has is not given to anybody by that.

    Nobody gets one by it that he lacks the certificate or the onboarding for.
    """
    to: User | None = merge.of("assignee")
    team_id = merge.chosen["team"].team_id if "team" in merge.chosen else current.team_id
    if to is None or (to.pk == current.assignee_id and team_id == current.team_id):
        return current
    facts = {"tickets.own_order": [own_order_facts([current], merge.now)[current.pk]]}
    asked = (current, facts, merge.actor, merge.now, {"to": to})
    refusals = [*rules.fit_to_work(*asked), *rules.not_own_order(*asked)]
    refusals += lacking_certificate([current], to, merge.now).values()
    if refusals and to.pk != current.assignee_id:
        raise Refused(refusals)
    payload = {"from_id": current.assignee_id, "to_id": to.pk, "to_name": str(to), "team_id": team_id}
    if current.state in (TicketState.WAITING, TicketState.RESOLVED) or to.pk == current.assignee_id:
        return moves.change(
            current, actor=merge.actor, now=merge.now, event="ticket.transferred", reason=merge.reason,
            payload=payload, assignee=to, team_id=team_id, assigned_at=merge.now,
        )  # fmt: skip
    if current.state == TicketState.NEW:
        current = moves.perform(current, "triage", actor=system_user(), now=merge.now)
    return moves.perform(
        current, "assign", actor=system_user(), now=merge.now, reason=merge.reason, to=to, team_id=team_id,
        acting_as=f"user:{merge.actor.pk} {merge.actor}",
    )  # fmt: skip


def ticket_unmerge(
    *, ticket: Ticket, actor: Any, now: datetime, reason: str, version: int | None = None
) -> Ticket:
    """Take a merged ticket out again: as it stood, with its clocks by their old terms.

    What arrived meanwhile stays with the ticket that went on. Errors: reason, not_merged, too_late, finished, Conflict,
    Busy.
    """
    if not actor.has_perm("tickets.merge"):
        raise NotPermitted()
    if not reason.strip():
        raise DomainError(_("Say why they are two problems."), "reason")
    with transaction.atomic():
        root = _locked_with_root(ticket, version)
        merge = TicketMerge.objects.select_for_update().get(ticket_id=ticket.pk, undone_at=None)
        _refuse_undoing(merge, actor, now)
        _refuse_finished(merge)
        current = moves.locked(Ticket(pk=ticket.pk))
        return _take_out(merge, current, root, actor, now, reason)


def _locked_with_root(ticket: Ticket, version: int | None) -> Ticket:
    """The ticket that goes on for it; both are locked, by their keys. Raises not_merged and Busy."""
    key = root_of(ticket.pk)
    if key is None:
        raise DomainError(_("This ticket is not merged into another."), "not_merged")
    versions = {} if version is None else {ticket.pk: version}
    locked = _locked([ticket, Ticket(pk=key)], versions, beside=parents_of(ticket.pk))
    if root_of(ticket.pk) != key:
        raise DomainError(_("Somebody changed this in the meantime. Please look again."), "moved_on")
    return locked[key]


def _refuse_undoing(merge: TicketMerge, actor: Any, now: datetime) -> None:
    window = duration("unmerge_days", now)
    if now > merge.at + window:
        words = _("A merge can be undone for %(days)d days; open a new ticket instead.")
        raise DomainError(words % {"days": window.days}, "too_late")
    if actor.pk != merge.by_id and not actor.has_perm("tickets.work_any"):
        raise DomainError(_("Whoever merged them undoes it, or a lead."), "not_yours")


def _refuse_finished(merge: TicketMerge) -> None:
    """A parent was finished when the ticket that went on for its child was: no open child comes back under it."""
    above = Ticket.objects.filter(pk__in=parents_of(merge.ticket_id)).exclude(state__in=OPEN_STATES)
    if merge.from_state in OPEN_STATES and above.exists():
        raise DomainError(
            _(
                "Its parent is finished already: reopen the parent, or take the link away, and undo the merge then."
            ),
            "finished",
        )


def _take_out(
    merge: TicketMerge, current: Ticket, root: Ticket, actor: Any, now: datetime, reason: str
) -> Ticket:
    clocks.clocks_part(
        ticket=current, root=root, merged_at=merge.at, kept=merge.kept["clocks"], actor=actor, now=now
    )
    merge.undone_at, merge.undone_by = now, actor
    merge.save(update_fields=["undone_at", "undone_by"])
    _roots_back(merge, root)
    _parties_part(merge, root)
    DuplicatePair.objects.filter(
        ticket_id=min(current.pk, merge.survivor_id), other_id=max(current.pk, merge.survivor_id)
    ).update(verdict=PairVerdict.APART, decided_at=now, decided_by=actor)
    moved = moves.perform(
        current, f"unmerge_{merge.from_state}", actor=actor, now=now, reason=reason, into=root
    )
    moves.change(
        root, actor=actor, now=now, event="ticket.released", reason=reason,
        payload={"other_id": moved.pk, "other": moved.number},
    )  # fmt: skip
    return moved


def _parties_part(merge: TicketMerge, root: Ticket) -> None:
    """Merchants who came with this ticket go, but for those whom another merged ticket concerns: it keeps them now."""
    gone = set(merge.kept["parties"])
    for other in TicketMerge.objects.filter(survivor=root, undone_at=None).order_by("pk") if gone else ():
        needed = TicketParty.objects.filter(ticket_id=other.ticket_id, merchant_id__in=gone)
        if kept := set(needed.values_list("merchant_id", flat=True)):
            other.kept = {**other.kept, "parties": sorted({*other.kept["parties"], *kept})}
            other.save(update_fields=["kept"])
            gone -= kept
    TicketParty.objects.filter(ticket=root, merchant_id__in=gone).delete()


def _roots_back(merge: TicketMerge, root: Ticket) -> None:
    """Tickets that had been merged into this one before go on in it again."""
    parents = dict(
        TicketMerge.objects.filter(root=root, undone_at=None).values_list("ticket_id", "survivor_id")
    )
    mine = {pk for pk in parents if pk != merge.ticket_id and _leads_to(pk, merge.ticket_id, parents)}
    TicketMerge.objects.filter(ticket__in=mine, undone_at=None).update(root_id=merge.ticket_id)


def _leads_to(pk: int, wanted: int, parents: Mapping[int, int]) -> bool:
    for _step in range(len(parents)):
        pk = parents.get(pk, 0)
        if pk == wanted:
            return True
    return False
