"""Rules that act by themselves: kept in two acts by two people, carried out once as the system, never in a loop."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.core import moves, origin, registers
from aftersales.core.errors import Busy, DomainError, NotPermitted, Refusal
from aftersales.core.models import Event
from aftersales.standards.selectors import duration, parameter
from aftersales.standards.states import RuleState
from aftersales.tickets import actions
from aftersales.tickets.actions import Step, conditions, engine
from aftersales.tickets.models import Automation, AutomationRun, AutomationVersion, Ticket
from aftersales.tickets.services.running import in_both
from aftersales.tickets.states import (
    ACTIVE_STATES,
    SEVERITY_ORDER,
    TIME_TRIGGERS,
    OwnReason,
    RuleOutcome,
    Trigger,
)

logger = logging.getLogger(__name__)
DRAFT = "standards.draft"
PAUSE = "rule_again_minutes"
OF_CLOCKS = (Trigger.WARNED, Trigger.BREACHED)
KIND = "tickets.ticket"
HEARD: Mapping[str, str] = {
    "ticket.opened": Trigger.OPENED,
    "ticket.customer_wrote": Trigger.CUSTOMER_WROTE,
    "ticket.merchant_wrote": Trigger.MERCHANT_WROTE,
    "ticket.other_merchant_wrote": Trigger.MERCHANT_WROTE,
    "ticket.resumed": Trigger.WAIT_OVER,
    "ticket.assigned": Trigger.ASSIGNED,
    "ticket.regraded": Trigger.RAISED,
    "ticket.reopened": Trigger.REOPENED,
    "ticket.resolved": Trigger.RESOLVED,
    "clock.warned": Trigger.WARNED,
    "clock.breached": Trigger.BREACHED,
}
STOPPED = {
    RuleOutcome.LOOP: _("The rule does not react to its own doing."),
    RuleOutcome.DEPTH: _("Too many rules in a row set each other off."),
    RuleOutcome.OFTEN: _("The rule acted on this ticket often enough today."),
    RuleOutcome.AGAIN: _("The rule did the same on this ticket a moment ago; once is enough."),
    RuleOutcome.FAILED: _("The rule ended with an error; nothing was done. The system log says which."),
}


# Keeping -----------------------------------------------------------------------------------------------------


def automation_draft(
    *,
    rule: Automation | None,
    actor: Any,
    now: datetime,
    steps: Sequence[Step],
    given: Mapping[str, Any],
    trigger: str,
    hours: int = 0,
    any_of: bool = False,
    reason: str = "",
    version: int | None = None,
    **names: Any,
) -> AutomationVersion:
    """Draft the next version of a rule, or correct the waiting draft; a draft does nothing.

    ``given``: conditions over the ticket's columns. ``version``: that of the draft the person looked at.
    """
    if not actor.has_perm(DRAFT):
        raise NotPermitted()
    terms = _terms(steps, given, trigger, hours, any_of, now)
    with transaction.atomic():
        row = _named(rule, names, actor, now, reason)
        draft = row.versions.filter(state=RuleState.DRAFT).first()
        who = {"change_reason": reason, "drafted_by_id": actor.pk, "drafted_at": now}
        if draft is not None:
            return registers.save(  # type: ignore[no-any-return]
                draft, actor=actor, now=now, event="automation.redrafted", payload=draft._payload(), version=version,
                **terms, **who,
            )  # fmt: skip
        last = row.versions.aggregate(last=Max("number"))["last"] or 0
        fresh = AutomationVersion(
            rule=row, number=last + 1, source_ref=row.source_ref or "R3.2", **terms, **who
        )
        return registers.create(
            fresh, actor=actor, now=now, event="automation.drafted", payload=fresh._payload(), reason=reason
        )


def _terms(
    steps: Sequence[Step], given: Mapping[str, Any], trigger: str, hours: int, any_of: bool, now: datetime
) -> dict[str, Any]:
    if trigger not in Trigger.values:
        raise DomainError(_("Say when the rule looks at a ticket."), "trigger")
    if trigger in TIME_TRIGGERS and not 1 <= hours <= 24 * 365:
        raise DomainError(_("Say after how many hours."), "hours")
    for step in steps:
        if not step.action.by_rule:
            words = _("“%(action)s” is a person's own act; no rule does it.") % {"action": step.action.label}
            raise DomainError(words, "not_by_rule")
    return {
        "trigger": trigger, "hours": hours if trigger in TIME_TRIGGERS else 0, "any_of": any_of,
        "conditions": conditions.checked(given), "steps": [one.stored() for one in actions.checked(steps, now)],
    }  # fmt: skip


def _named(
    rule: Automation | None, names: Mapping[str, Any], actor: Any, now: datetime, reason: str
) -> Automation:
    """The rule itself with its names and its place; locked, so that two drafting at once get one draft."""
    known = {name: value for name, value in names.items() if name in ("name_zh", "name_en", "position")}
    if rule is None:
        row = Automation(code=f"rule-{secrets.token_hex(5)}", source_ref="R3.2", **known)
        payload = {"changed": sorted(known)}
        return registers.create(
            row, actor=actor, now=now, event="automation.changed", payload=payload, reason=reason
        )
    locked: Automation = Automation.objects.select_for_update().get(pk=rule.pk)
    changed = {name: value for name, value in known.items() if getattr(locked, name) != value}
    if not changed:
        return locked
    payload = {"changed": sorted(changed)}
    return registers.save(
        locked, actor=actor, now=now, event="automation.changed", payload=payload, reason=reason, **changed
    )


def automation_activate(*, draft: AutomationVersion, actor: Any, now: datetime) -> AutomationVersion:
    """Bring a draft into force (a second person) and end the version before it."""
    with transaction.atomic():
        Automation.objects.select_for_update().get(pk=draft.rule_id)
        for earlier in AutomationVersion.objects.filter(rule_id=draft.rule_id, state=RuleState.ACTIVE):
            moves.perform(earlier, "retire", actor=actor, now=now, valid_to=now)
        return moves.perform(draft, "activate", actor=actor, now=now, valid_from=now)


def automation_reject(
    *, draft: AutomationVersion, actor: Any, now: datetime, reason: str
) -> AutomationVersion:
    """Return a draft with a reason."""
    if not reason.strip():
        raise DomainError(_("Say why the draft is returned."), "reason_missing")
    return moves.perform(draft, "reject", actor=actor, now=now, reason=reason)


def automation_retire(
    *, row: AutomationVersion, actor: Any, now: datetime, reason: str = ""
) -> AutomationVersion:
    """Take a rule out of force: one person is enough to stop it."""
    return moves.perform(row, "retire", actor=actor, now=now, reason=reason, valid_to=now)


# Acting ------------------------------------------------------------------------------------------------------


def trigger_of(event: Event) -> str:
    """Which trigger an event is, or none: a wait that ended by its time, a severity that rose."""
    found = HEARD.get(event.kind, "")
    if found == Trigger.WAIT_OVER and event.reason != OwnReason.WAKE_UP:
        return ""
    if found == Trigger.RAISED:
        old, new = (str(event.payload.get(name, "")) for name in ("old_severity", "severity"))
        rose = {old, new} <= set(SEVERITY_ORDER) and SEVERITY_ORDER.index(new) > SEVERITY_ORDER.index(old)
        return found if rose else ""
    return found


def automation_hear(*, event: Event, now: datetime) -> int:
    """Let the rules in force hear an event of a ticket; each acts at most once on it. Raises Busy: later again."""
    trigger = trigger_of(event)
    if not trigger or event.subject_kind != KIND:
        return 0
    versions = list(AutomationVersion.objects.in_force(trigger))
    chain = chain_of(event)
    return sum(
        _act(version, event.subject_id, f"event:{event.pk}", chain, now) is not None for version in versions
    )


def chain_of(event: Event) -> tuple[int, ...]:
    """The rules whose doing led to this event, the first one first ("rule:3>7 code v2")."""
    who = event.acting_as.partition(" ")[0]
    keys = who.removeprefix("rule:").split(">") if who.startswith("rule:") else []
    return tuple(int(key) for key in keys if key.isdigit())


def automation_sweep(*, now: datetime) -> Mapping[str, int]:
    """Rules about time: the tickets whose hours are over and on which the rule has not acted since that moment.

    An error ends one rule on one ticket, stands in its log, and is not tried again until the moment is another.
    """
    done = {"acted": 0, "busy": 0, "failed": 0}
    for version in AutomationVersion.objects.in_force(*TIME_TRIGGERS):
        for ticket in due(version, now)[: int(parameter("rule_batch", now))]:
            key = f"since:{getattr(ticket, version.trigger).isoformat()}"
            try:
                done["acted"] += _act(version, ticket.pk, key, (), now) is not None
            except Busy:
                done["busy"] += 1
            except OperationalError:  # the database, not the rule
                raise
            except Exception:
                logger.exception("%s failed on ticket %s", version.citation, ticket.pk)
                _log(version, ticket, key, (), now, _result(ticket, RuleOutcome.FAILED))
                done["failed"] += 1
    return done


def due(version: AutomationVersion, now: datetime) -> QuerySet[Ticket]:
    """Set-based: open work that fits, whose moment is that many hours ago, on which the rule has not acted since."""
    since = version.trigger
    acted = AutomationRun.objects.filter(
        rule_id=version.rule_id, ticket=OuterRef("pk"), at__gte=OuterRef(since)
    )
    return (
        Ticket.objects.filter(state__in=ACTIVE_STATES, historic=False)
        .filter(**{f"{since}__lte": now - timedelta(hours=version.hours)})
        .filter(conditions.asked(version.conditions, any_of=version.any_of))
        .filter(~Exists(acted))
        .order_by("next_due_at", "id")
    )


def _act(
    version: AutomationVersion, ticket_id: int, key: str, chain: tuple[int, ...], now: datetime
) -> AutomationRun | None:
    """One rule on one ticket: its acts and its line in the log in one transaction, once for each key.

    Asked once more under the lock: what a person changed at this moment counts, and so does another process's run.
    """
    if not _fits(version, Ticket.objects.filter(pk=ticket_id, historic=False).first()):
        return None  # most rules do not fit most tickets, and need no lock to say so
    with transaction.atomic():
        ticket = moves.locked(Ticket(pk=ticket_id))
        if not _fits(version, ticket):
            return None
        if AutomationRun.objects.filter(rule_id=version.rule_id, ticket=ticket, key=key).exists():
            return None
        if stopped := _stopped(version, ticket, chain, now):
            return _log(version, ticket, key, chain, now, _result(ticket, stopped))
        with origin.citing(version.citation, acting_as(version, chain)):
            result = engine.tried(
                actions.steps_of(version.steps), ticket, actor=system_user(now), now=now,
                ref=f"rule{version.pk}:{key}"[:60],
            )  # fmt: skip
        if result.outcome == engine.BUSY:
            raise Busy()
        return _log(version, ticket, key, chain, now, result)


def _fits(version: AutomationVersion, ticket: Ticket | None) -> bool:
    return ticket is not None and conditions.holds(version.conditions, ticket, any_of=version.any_of)


def acting_as(version: AutomationVersion, chain: tuple[int, ...]) -> str:
    """In whose name the system acts: this rule, after those that led to it."""
    keys = ">".join(str(key) for key in (*chain, version.rule_id))
    return f"rule:{keys} {version.citation}"


def _result(ticket: Ticket, outcome: str) -> engine.Result:
    return engine.Result(ticket.pk, outcome, 0, [Refusal(outcome, STOPPED[RuleOutcome(outcome)])])


def _stopped(version: AutomationVersion, ticket: Ticket, chain: tuple[int, ...], now: datetime) -> str:
    """The guard against loops: never its own doing, not too deep, not the same again, not too often on one ticket."""
    if version.rule_id in chain:
        return RuleOutcome.LOOP
    if len(chain) >= int(parameter("rules_in_a_row", now)):
        return RuleOutcome.DEPTH
    done = AutomationRun.objects.filter(rule_id=version.rule_id, ticket=ticket, outcome=RuleOutcome.DONE)
    if once_a_while(version) and done.filter(version=version, at__gt=now - duration(PAUSE, now)).exists():
        return RuleOutcome.AGAIN
    lately = done.filter(at__gt=now - timedelta(days=1))
    return RuleOutcome.OFTEN if lately.count() >= int(parameter("rule_deeds_a_day", now)) else ""


def once_a_while(version: AutomationVersion) -> bool:
    """Whether the same again says nothing new: several clocks of a ticket run out at one moment, and so it is one
    moment; words that were said a moment ago are not said again."""
    if version.by_time:
        return False
    return version.trigger in OF_CLOCKS or all(step.action.says for step in actions.steps_of(version.steps))


def spread(
    version: AutomationVersion, fit: Sequence[tuple[Ticket, datetime]]
) -> list[tuple[Ticket, datetime]]:
    """Of moments, newest first, those at which the rule acts, for a dry run: the ones in its pause are left out."""
    if not once_a_while(version):
        return list(fit)
    acted: dict[int, datetime] = {}
    kept = []
    for ticket, at in reversed(fit):
        if ticket.pk not in acted or acted[ticket.pk] <= at - duration(PAUSE, at):
            acted[ticket.pk] = at
            kept.append((ticket, at))
    return kept[::-1]


def _log(
    version: AutomationVersion, ticket: Ticket, key: str, chain: tuple[int, ...], now: datetime, result: Any
) -> AutomationRun:
    zh, en = in_both(lambda: result.words)
    return AutomationRun.objects.create(
        rule_id=version.rule_id, version=version, ticket=ticket, key=key[:60], outcome=result.outcome, step=result.step,
        why_zh=zh, why_en=en, chain=">".join(map(str, chain))[:60], at=now,
    )  # fmt: skip
