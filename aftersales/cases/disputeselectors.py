"""Answers about disputes, set-based: who may not rule, which files are evidence, earlier rulings. Nothing writes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.selectors import people_who_may
from aftersales.cases import rules
from aftersales.cases.disputestates import FINAL
from aftersales.cases.models import (
    Case,
    CaseParcel,
    CasePayment,
    Dispute,
    DisputeEvidence,
    Ruling,
    Settlement,
)
from aftersales.core.models import Event

People = dict[int, dict[int, list[str]]]


def not_neutral(rows: Sequence[Dispute], now: datetime) -> Mapping[int, Mapping[int, list[str]]]:
    """Who may not rule on these disputes, and why (DESIGN 5). The same few queries for one and for many."""
    found: People = {row.pk: {} for row in rows}
    of_case: dict[int, list[Dispute]] = defaultdict(list)
    for row in rows:
        of_case[row.case_id].append(row)
    for case_id, people in _touched(list(of_case)).items():
        for row in of_case[case_id]:
            for person in people - {
                row.ruled_by_id
            }:  # who ruled decided the case too: of him another rule speaks
                found[row.pk].setdefault(person, []).append("not_neutral")
    _own(found, of_case)
    return found


@dataclass(frozen=True)
class Judge:
    """One person whose office it is to rule, and the codes of why not on this dispute; none: may rule."""

    person: User
    reasons: Sequence[str]

    @property
    def may(self) -> bool:
        return not self.reasons


def judges(dispute: Dispute, now: datetime) -> list[Judge]:
    """Who may rule on this dispute (or decide its appeal) and who not, by the guards of the door itself."""
    people = people_who_may("cases.rule")
    facts = {"cases.not_neutral": [not_neutral([dispute], now)[dispute.pk]]}
    return [
        Judge(one, [refusal.code for guard in (rules.neutral, rules.another_person)
                    for refusal in guard(dispute, facts, one, now, None)])
        for one in people
    ]  # fmt: skip


def _touched(ids: list[int]) -> dict[int, set[int]]:
    """Who did anything to these cases, their goods, money or evidence, or works on their tickets."""
    found: dict[int, set[int]] = defaultdict(set)
    asked: Iterable[QuerySet[Any, Any]] = (
        Case.objects.filter(pk__in=ids).values_list(
            "pk", "opened_by", "ticket__assignee", "ticket__owner", "merchant__manager"
        ),
        Event.objects.filter(subject_kind="cases.case", subject_id__in=ids).values_list(
            "subject_id", "actor_id"
        ),
        CasePayment.objects.filter(case__in=ids).values_list("case", "proposed_by", "approved_by"),
        CaseParcel.objects.filter(case__in=ids).values_list("case", "received_by", "inspected_by"),
        Dispute.objects.filter(case__in=ids).values_list("case", "opened_by"),
        DisputeEvidence.objects.filter(dispute__case__in=ids)
        .order_by()
        .values_list("dispute__case", "by")
        .union(
            Settlement.objects.filter(dispute__case__in=ids)
            .order_by()
            .values_list("dispute__case", "made_by")
        ),
    )
    for case_id, *people in (one for rows in asked for one in rows):
        found[case_id] |= {person for person in people if person}
    return found


def _own(found: People, of_case: Mapping[int, list[Dispute]]) -> None:
    """Orders of one's own; and of the platform's own sales the team that works on them (R4.7)."""
    from accounts.models import TeamMember
    from aftersales.tickets.selectors.dispatching import own_orders

    cases = list(
        Case.objects.filter(pk__in=of_case).values_list("pk", "ticket", "ticket__team", "merchant__self_run")
    )
    own = own_orders([ticket for _pk, ticket, _team, _run in cases])
    teams = {team for _pk, _ticket, team, self_run in cases if self_run and team}
    members: dict[int, set[int]] = defaultdict(set)
    if teams:
        rows = TeamMember.objects.filter(team__in=teams, active_to=None).values_list("team", "person")
        for team, person in rows:
            members[team].add(person)
    for pk, ticket, team, self_run in cases:
        for row in of_case[pk]:
            for person in own.get(ticket, ()):
                found[row.pk].setdefault(person, []).append("own_order")
            for person in members[team] if self_run else ():
                found[row.pk].setdefault(person, []).append("own_team")


def evidence_files(names: Sequence[str]) -> Iterable[str]:
    """Which of these stored files are evidence."""
    return DisputeEvidence.objects.filter(name__in=names).values_list("name", flat=True)


def precedents(
    user: Any, *, kind: str = "", ground: str = "", outcome: str = "", words: str = ""
) -> QuerySet[Ruling]:
    """Final rulings this person may read, newest first; every word must stand in the facts, the reasons or the clause.

    Of a dispute with an appeal the decision on it counts, not what it replaced.
    """
    rows: Any = Ruling.objects.visible_to(user).filter(dispute__state__in=sorted(FINAL))
    rows = rows.filter(Q(on_appeal=True) | Q(dispute__appealed_by=""))
    rows = rows.filter(dispute__case__kind=kind) if kind else rows
    rows = rows.filter(dispute__case__ground=ground) if ground else rows
    rows = rows.filter(outcome=outcome) if outcome else rows
    for word in words.replace("\x00", "").split()[:8]:
        rows = rows.filter(Q(facts__icontains=word) | Q(reasons__icontains=word) | Q(clause__icontains=word))
    return rows.select_related("dispute__case__merchant", "ruled_by").order_by("-at", "-pk")
