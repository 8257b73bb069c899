"""Writes to the fault trees: one person drafts, another brings into force (``standards.services.rule_activate``)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import FaultTree, FaultTreeVersion
from aftersales.cases.repairs.rules import branch_problem
from aftersales.core import registers
from aftersales.core.errors import DomainError
from aftersales.core.rulebook import RuleState
from aftersales.standards import services as rule_book

TERMS = ("branches", "source_ref", "source_zh", "source_en", "note_zh", "note_en")
KEYS = ("code", "symptom_zh", "symptom_en", "checks_zh", "checks_en", "cause_zh", "cause_en")
MOST = 60


def fault_tree_create(
    *, code: str, name_zh: str, name_en: str, actor: Any, now: datetime, categories: Sequence[str] = ()
) -> FaultTree:
    """Open a tree; nobody diagnoses by it until a version of it is in force."""
    rule_book.require(actor, rule_book.DRAFT)
    row = FaultTree(code=code, name_zh=name_zh, name_en=name_en, categories=list(categories))
    created: FaultTree = registers.create(
        row, actor=actor, now=now, event="fault_tree.created", payload={"code": code}
    )
    return created


def fault_tree_draft(
    *, tree: FaultTree, actor: Any, now: datetime, reason: str = "", **terms: Any
) -> FaultTreeVersion:
    """Draft the next version: what is in force, with ``terms`` changed. Errors: see ``check``, draft_waits."""
    rule_book.require(actor, rule_book.DRAFT)
    with transaction.atomic():
        number = rule_book.next_number(FaultTree, tree.pk, FaultTreeVersion, "tree_id")
        versions = FaultTreeVersion.objects.filter(tree=tree)
        if versions.filter(state=RuleState.DRAFT).exists():
            raise DomainError(_("A draft waits already; correct it instead."), "draft_waits")
        columns = rule_book.inherited(
            rule_book.newest(versions), TERMS, terms, actor=actor, now=now, reason=reason
        )
        row = FaultTreeVersion(tree=tree, number=number, **columns)
        row.branches = check(row.branches)
        rule_book.record_draft(row, actor=actor, now=now, reason=reason)
    return row


def fault_tree_redraft(
    *,
    draft: FaultTreeVersion,
    branches: Sequence[Mapping[str, str]],
    actor: Any,
    now: datetime,
    version: int,
    reason: str = "",
) -> FaultTreeVersion:
    """Correct a draft; whoever last touched it counts as its drafter and may not bring it into force."""
    rule_book.require(actor, rule_book.DRAFT)
    if draft.state != RuleState.DRAFT:
        raise DomainError(_("Only a draft can be changed; make a new version instead."), "not_a_draft")
    saved: FaultTreeVersion = registers.save(
        draft, actor=actor, now=now, event="rule.changed", payload=draft._payload(), version=version,
        drafted_by_id=actor.pk, drafted_at=now, branches=check(branches), change_reason=reason or draft.change_reason,
    )  # fmt: skip
    return saved


def check(branches: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Branches that somebody can follow. Errors: empty_tree, branch_code, branch_empty, branch_long."""
    if not 0 < len(branches) <= MOST:
        raise DomainError(_("A tree has one to sixty branches."), "empty_tree")
    known: list[str] = []
    kept = []
    for one in branches:
        row = {name: str(one.get(name, "")).replace("\x00", "").strip() for name in KEYS}
        if problem := branch_problem(row, known):
            raise DomainError(problem[1], problem[0])
        known.append(row["code"])
        kept.append(row)
    return kept
