"""Last week's dispatch under other weights or with people missing; a draft goes from here to a second person."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.selectors import names
from aftersales.core import jobs
from aftersales.core.access import answered, needs
from aftersales.core.errors import DomainError
from aftersales.core.models import Job, JobState
from aftersales.core.posted import whole
from aftersales.standards import services as standards
from aftersales.standards.models import Parameter, ParameterVersion
from aftersales.standards.states import RuleState
from aftersales.tickets import dispatch_rules as rules
from aftersales.tickets import simulation
from aftersales.tickets.selectors import dispatching, forecasting, replaying
from aftersales.tickets.states import DispatchPart, LoadFactor, Severity

AT_ONCE = 600  # dispatches that are played while the page waits; more is a job with progress
MOST_POINTS = 1000
JOB = "tickets.simulate"


@require_GET
@needs("desk.simulate")
def simulator(request: HttpRequest) -> HttpResponse:
    """The week before today, as it was and as it would be."""
    now = timezone.now()
    active = dispatching.weights_at(now)
    waiting = _waiting_draft()
    base = rules.weights_of(waiting.value, waiting.number) if waiting and "draft" in request.GET else active
    weights = simulation.weights_from(_asked(request.GET), base)
    payload = _payload(request.GET, weights, now)
    size = replaying.week_size(*(datetime.fromisoformat(payload[name]) for name in ("since", "until")))
    result, job = _played(payload, size, now)
    context = {
        "title": _("Dispatch simulator"), "now": now, "active": active, "fields": _fields(weights, active),
        "changed": rules.value_of(weights) != rules.value_of(active), "waiting": waiting, "size": size,
        "most": replaying.MOST, "result": _shown(result), "job": job, "people": _people(payload, result),
        "since": datetime.fromisoformat(payload["since"]), "until": datetime.fromisoformat(payload["until"]),
        "may_draft": request.user.has_perm("standards.draft"),
    }  # fmt: skip
    return render(request, "desk/simulator.html", context)


def _waiting_draft() -> ParameterVersion | None:
    drafts = ParameterVersion.objects.filter(parameter__code=dispatching.WEIGHTS, state=RuleState.DRAFT)
    found: ParameterVersion | None = drafts.select_related("drafted_by").order_by("-number").first()
    return found


def _asked(data: QueryDict) -> dict[str, int]:
    """The weights that were typed; what is no number is as it was."""
    codes = [*rules.PARTS, *LoadFactor.values]
    return {code: min(number, MOST_POINTS) for code in codes if (number := whole(data.get(code))) is not None}


def _payload(data: QueryDict, weights: rules.Weights, now: datetime) -> dict[str, Any]:
    """Seven whole days until last midnight, so that the same question has the same answer all day."""
    zone, _calendar = forecasting.zone_and_calendar()
    until = datetime.combine(now.astimezone(zone).date(), time.min, zone)
    without = sorted({key for text in data.getlist("without") if (key := whole(text))})
    return {
        "since": (until - timedelta(days=7)).isoformat(), "until": until.isoformat(),
        "weights": rules.value_of(weights), "without": without[:50],
    }  # fmt: skip


def _played(
    payload: Mapping[str, Any], size: int, now: datetime
) -> tuple[Mapping[str, Any] | None, Job | None]:
    """At once when it is little, else by a job that is asked for once."""
    if size <= AT_ONCE:
        return replaying.played(payload), None
    key = f"{JOB}:{hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()[:40]}"
    jobs.enqueue(JOB, key=key, now=now, payload=payload)
    job = Job.objects.get(key=key)
    return (job.result, None) if job.state == JobState.DONE else (None, job)


def _fields(weights: rules.Weights, active: rules.Weights) -> list[tuple[str, Any, int, int]]:
    """Code, label, number, number in force."""
    parts = [
        (code, DispatchPart(code).label, weights.parts[code], active.parts[code]) for code in rules.PARTS
    ]
    factors = [
        (f"load_{code}", LoadFactor(f"load_{code}").label, weights.weight_of(code), active.weight_of(code))
        for code in Severity.values
    ]
    return parts + factors


def _shown(result: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Averages and shares of what was played, and everybody's bars."""
    if not result or not result["tickets"]:
        return None
    number = result["tickets"]
    served = max(number - result["unserved"], 1)
    most = max([max(one["real"], one["played"]) for one in result["people"]], default=1) or 1
    return {
        **result, "wait_was": result["wait_real"] / number, "wait_is": result["wait_played"] / served,
        "known_was": result["known_real"] / number, "known_is": result["known_played"] / served,
        "people": [
            {**one, "bar_real": 100 * one["real"] / most, "bar_played": 100 * one["played"] / most,
             "diff": one["played"] - one["real"]}
            for one in result["people"]
        ],
        "diffs": [
            {**one, "ticket": one["number"].partition("#")[0], "moment": datetime.fromisoformat(one["at"])}
            for one in result["diffs"]
        ],
    }  # fmt: skip


def _people(payload: Mapping[str, Any], result: Mapping[str, Any] | None) -> list[tuple[int, str, bool]]:
    """Whom one may try to do without: everybody who was looked at in the week."""
    since, until = (datetime.fromisoformat(payload[name]) for name in ("since", "until"))
    known = names(replaying.chosen_people(since, until))
    return [
        (pk, name, pk in payload["without"]) for pk, name in sorted(known.items(), key=lambda pair: pair[1])
    ]


@require_POST
@needs("standards.draft")
def draft(request: HttpRequest) -> HttpResponse:
    """Keep the weights as a draft; a second person brings them into force in the rule book."""
    now = timezone.now()
    answered(lambda: _save(request, now), request, _("The draft waits for a second person."))
    return redirect("desk:simulator")


def _save(request: HttpRequest, now: datetime) -> Any:
    reason = request.POST.get("reason", "").strip()[:2000]
    asked = _asked(request.POST)
    if not reason:
        raise DomainError(_("Say why the rule changes."), "reason")
    if not asked:
        raise DomainError(_("Give at least one weight."), "weights")
    weights = simulation.weights_from(asked, dispatching.weights_at(now))
    if not weights.whole:
        raise DomainError(_("At least one part must count."), "weights")
    value, waiting = rules.value_of(weights), _waiting_draft()
    if waiting is not None:
        return standards.rule_change_draft(
            draft=waiting,
            actor=request.user,
            now=now,
            version=waiting.version,
            value=value,
            change_reason=reason,
        )
    row = Parameter.objects.get(code=dispatching.WEIGHTS)
    return standards.parameter_draft(parameter=row, actor=request.user, now=now, reason=reason, value=value)
