"""Trying drafts on a past quarter: the question is kept, a job plays it chunk by chunk, nothing else is written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Max
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.clocks.models import LadderRung
from aftersales.core import events, jobs, retention
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.core.readonly import looking_only
from aftersales.core.rulebook import RuleState
from aftersales.scorecards.models import FormulaVersion, ShadowDiff, ShadowPart, ShadowRun, ShadowScore
from aftersales.scorecards.scores import selectors
from aftersales.scorecards.services.formulas import check
from aftersales.scorecards.shadow import drafts, others, scores, tickets
from aftersales.scorecards.shadow.others import MOST, merged
from aftersales.scorecards.shadow.tickets import Chunk
from aftersales.scorecards.shadow.worlds import WORLD, refuse_other_world, world_of, worlds
from aftersales.scorecards.states import Played, ShadowKind
from aftersales.standards.models import ParameterVersion, StandardVersion
from aftersales.tickets.models import Ticket

JOB = "scorecards.shadow"
SIMULATE = "scorecards.simulate"
TOP = "top"  # the newest ticket when the run was asked for
LONGEST = 184  # days of one run
AT_ONCE = 1_000
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Tried:
    """What somebody wants to try: keys of drafts, and books of rules that are changed in place, as written."""

    standards: Sequence[int] = ()
    rungs: Sequence[int] = ()
    weights: int | None = None
    formula: int | None = None
    books: Mapping[str, str] = field(default_factory=dict)


def formula_simulate(
    *, version: FormulaVersion, least: Decimal | None, actor: Any, now: datetime
) -> ShadowRun:
    """Count a version over the last three settled months beside the one that counts now.

    ``least``: the score below which somebody is named; without one, where the ordinary grade begins. The same question
    of the same day is the same run. Raises ``counts_already``, ``nothing_to_compare``, ``least``, and of the terms.
    """
    _may(actor)
    check(version)
    terms = selectors.terms_of(version)
    if least is None:
        least = next(one.least for one in terms.grades if one.code == terms.ordinary)
    if not 0 <= least <= 100:
        raise DomainError(_("A limit of a score lies between 0 and 100."), "least")
    days = scores.days_of(selectors.last_day(terms, now))
    kept = _formulas(version, days[-1])
    since = days[0].replace(day=1)
    return _ask(ShadowKind.FORMULA, since, days[-1], kept, actor, now, formula=version, least=least)


def _formulas(version: FormulaVersion, day: date) -> dict[str, Any]:
    against, _counts = selectors.counting(version.formula, day)
    if against is None:
        raise DomainError(_("No version of this formula counts yet: there is nothing to compare with."),
                          "nothing_to_compare")  # fmt: skip
    if against.pk == version.pk:
        raise DomainError(_("This version is the one that counts: nobody would move."), "counts_already")
    return {"formula": drafts.kept(version), "against": drafts.kept(against)}


def shadow_ask(*, since: date, until: date, tried: Tried, actor: Any, now: datetime) -> ShadowRun:
    """Run drafts over the days from ``since`` to ``until``, both with it; nothing is sent.

    Asked again after a rule came into force it is another run. Raises ``period``, ``nothing_to_try``, ``no_rules``,
    ``no_draft``, and those of a formula.
    """
    _may(actor)
    today = now.astimezone(selectors.zone()).date()
    if not since <= until < today or (until - since).days >= LONGEST:
        raise DomainError(
            _("Choose days that are over, from the first to the last, %(most)s at most.") % {"most": LONGEST},
            "period",
        )
    kept = _kept(tried, now)
    if not kept:
        raise DomainError(_("Choose at least one draft, or change a rule below."), "nothing_to_try")
    kept[WORLD] = world_of(now)
    kept[TOP] = Ticket.objects.aggregate(top=Max("pk"))["top"] or 0
    version = FormulaVersion.objects.filter(pk=tried.formula).first() if tried.formula else None
    return _ask(ShadowKind.RULES, since, until, kept, actor, now, formula=version)


def _kept(tried: Tried, now: datetime) -> dict[str, Any]:
    """Every draft word by word."""
    kept: dict[str, Any] = {}
    for name, model, keys in (
        ("standards", StandardVersion, tried.standards), ("rungs", LadderRung, tried.rungs),
    ):  # fmt: skip
        if keys:
            kept[name] = [drafts.kept(row) | {"code": _code(row)} for row in _drafts(model, keys)]
    if tried.weights:
        (row,) = _drafts(ParameterVersion, [tried.weights])
        kept["weights"] = {"number": row.number, "value": row.value}
    for name, text in tried.books.items():
        book = drafts.book_read(name, text) if text.strip() else None
        if book is not None:
            kept[name] = book
    if tried.formula:
        (version,) = _drafts(FormulaVersion, [tried.formula])
        day = selectors.last_day(selectors.terms_of(version), now)
        kept |= _formulas(version, day)
    return kept


def _drafts(model: type[Any], keys: Sequence[int]) -> list[Any]:
    found = model.objects.filter(pk__in=keys, state=RuleState.DRAFT).order_by("pk")
    rows = list(found.select_related("standard") if model is StandardVersion else found)
    if len(rows) < len(set(keys)):
        raise DomainError(_("A draft that you chose waits no longer: it was decided meanwhile."), "no_draft")
    return rows


def _code(row: Any) -> str:
    return str(row.code if isinstance(row, LadderRung) else row.standard.code)


def _may(actor: Any) -> None:
    if not actor.has_perm(SIMULATE):
        raise NotPermitted()


def _ask(
    kind: ShadowKind, since: date, until: date, kept: Mapping[str, Any], actor: Any, now: datetime,
    *, formula: FormulaVersion | None, least: Decimal | None = None,
) -> ShadowRun:  # fmt: skip
    day = now.astimezone(selectors.zone()).date()
    words = {name: value for name, value in kept.items() if name != TOP}
    asked = drafts.fingerprint([kind, since, until, day, None if least is None else str(least), words])
    with transaction.atomic():
        _alone(asked)
        known: ShadowRun | None = ShadowRun.objects.filter(asked=asked).first()
        if known is not None:
            return known
        run = ShadowRun(
            kind=kind, formula=formula, since=since, until=until, drafts=dict(kept), least=least, asked=asked, by=actor,
            at=now, watermark=Event.objects.aggregate(last=Max("pk"))["last"] or 0,
        )  # fmt: skip
        run.save()
        jobs.enqueue(JOB, key=f"{JOB}:{run.pk}", payload={"run": run.pk}, now=now)
    return run


def shadow_go(*, run: ShadowRun, now: datetime, progress: Progress | None = None) -> Mapping[str, int]:
    """Play what of a run is not played yet, each chunk in a transaction of its own; how many chunks were new.

    Killed halfway it goes on behind the last whole chunk and comes to the same rows. Raises ``rules_changed`` where
    other rules count than when it was asked for.
    """
    fresh = 0
    total = _chunks(run)
    for done, (part, place) in enumerate(_steps(run), 1):
        fresh += _once(run, part, place, now)
        if progress is not None:
            progress(done, max(total, done))
    return {"chunks": fresh}


def _chunks(run: ShadowRun) -> int:
    """About how many chunks a run has."""
    days = len(_days(run)) if "formula" in run.drafts else 0
    if run.kind == ShadowKind.FORMULA:
        return days + 1
    both = worlds(run)
    number = Ticket.objects.filter(opened_at__gte=both.start, opened_at__lt=both.end).count()
    return number // tickets.CHUNK + 4 + days


def _steps(run: ShadowRun) -> Any:
    """Every chunk in its order; tickets until there are none left."""
    if run.kind == ShadowKind.RULES:
        yield Played.SIGNALS, 0
        place = 0
        while True:
            yield Played.TICKETS, place
            if _part(run, Played.TICKETS, place).counts["tickets"]["n"] < tickets.CHUNK:
                break
            place += 1
        yield Played.PEOPLE, 0
    if "formula" in run.drafts:
        for place in range(len(_days(run))):
            yield Played.SCORES, place
    yield Played.WHOLE, 0


def _part(run: ShadowRun, part: Played, place: int) -> ShadowPart:
    found: ShadowPart = ShadowPart.objects.get(run=run.pk, played=part, place=place)
    return found


def _days(run: ShadowRun) -> list[date]:
    """Days of the run whose figures had settled when it was asked for."""
    assert run.formula is not None
    terms = selectors.terms_of(drafts.formula(run.drafts, "formula", run.formula.formula))
    last = min(run.until, selectors.last_day(terms, run.at))
    return [day for day in scores.days_of(last) if run.since <= day <= last]


def _once(run: ShadowRun, part: Played, place: int, now: datetime) -> bool:
    """One chunk: played where nothing can be written, then kept. False where it stands already."""
    with transaction.atomic():
        _alone(f"shadow {run.pk}")
        if ShadowPart.objects.filter(run=run.pk, played=part, place=place).exists():
            return False
        if part == Played.SCORES:
            _keep_scores(run, place, now)
        elif part == Played.WHOLE:
            _keep_whole(run, now)
        else:
            with looking_only():
                chunk = _play(run, part, place)
            _keep(run, part, place, chunk, now)
    return True


def _play(run: ShadowRun, part: Played, place: int) -> Chunk:
    both = worlds(run)
    refuse_other_world(run, both)
    if part == Played.SIGNALS:
        return others.signals(run, both)
    if part == Played.PEOPLE:
        return others.people(run, both)
    after = _part(run, Played.TICKETS, place - 1).last if place else 0
    return tickets.played(run, both, after, run.drafts[TOP])


def _keep(run: ShadowRun, part: Played, place: int, chunk: Chunk, now: datetime) -> None:
    """The first differences of each topic, and the sums of all."""
    had = ShadowDiff.objects.filter(run=run.pk).values_list("topic").annotate(Count("pk")).order_by()
    kept: dict[str, int] = dict(had)
    rows = []
    for row in chunk.diffs:
        topic = str(row.topic)
        if kept.get(topic, 0) < MOST:
            kept[topic] = kept.get(topic, 0) + 1
            rows.append(row)
    ShadowDiff.objects.bulk_create(rows, batch_size=AT_ONCE)
    counts = {name: dict(own) for name, own in chunk.counts.items()}
    if part == Played.TICKETS:
        counts["tickets"] = {"n": chunk.number}
    ShadowPart(
        run=run.pk, played=part, place=place, last=chunk.last, counts=counts, inputs=chunk.inputs, at=now
    ).save()


def _keep_scores(run: ShadowRun, place: int, now: datetime) -> None:
    assert run.formula is not None
    day, parent = _days(run)[place], run.formula.formula
    draft, against = (drafts.formula(run.drafts, name, parent) for name in ("formula", "against"))
    with looking_only():
        found = scores.played(run, draft, against, day)
    ShadowScore.objects.bulk_create(found.rows, batch_size=AT_ONCE)
    counts = {"day": day.isoformat(), **found.counts}
    ShadowPart(
        run=run.pk, played=Played.SCORES, place=place, counts=counts, inputs=found.inputs, at=now
    ).save()


def _keep_whole(run: ShadowRun, now: datetime) -> None:
    """The sums of all chunks, and one fingerprint of everything that was counted from."""
    parts = list(ShadowPart.objects.filter(run=run.pk).order_by("played", "place"))
    counts = merged([part.counts for part in parts if part.played != Played.SCORES])
    inputs = drafts.fingerprint([[part.played, part.place, part.inputs] for part in parts])
    ShadowPart(run=run.pk, played=Played.WHOLE, counts=counts, inputs=inputs, at=now).save()


def _alone(name: str) -> None:
    """One worker at a time; a quarter takes longer than a page may."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])


def last_quarter(now: datetime) -> tuple[date, date]:
    """The three whole months before this one."""
    until = now.astimezone(selectors.zone()).date().replace(day=1) - timedelta(days=1)
    return scores.days_of(until)[0].replace(day=1), until


def scores_forget(*, now: datetime) -> int:
    """Remove scores of trials past the rule book's ``shadow_days``; how many. Wordings and sums stay.

    PostgreSQL re-checks the age itself: the function belongs to the owner and refuses anything younger.
    """
    removed = retention.run("scorecards", now)
    if removed:
        system = system_user(now)
        events.record("trials.retained", subject=system, actor=system, now=now, payload={"count": removed})
    return removed
