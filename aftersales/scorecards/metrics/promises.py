"""Promises with a due time: kept, or broken and charged to who held them. The day: that of the breach, else the end."""

from django.utils.translation import gettext_lazy as _

from aftersales.clocks.models import BreachExclusion
from aftersales.clocks.states import ExclusionCause
from aftersales.scorecards.metrics.declaring import Exclusion, Metric, Part
from aftersales.scorecards.metrics.sources import CLOCKS
from aftersales.scorecards.metrics.struck import REASONS, code_of
from aftersales.scorecards.states import Direction, SubjectKind, Unit, Way
from aftersales.standards.states import ClockKind, Debtor, Promise

K = SubjectKind
STAFF = frozenset({K.PERSON, K.TEAM, K.VENDOR})
MERCHANTS = frozenset({K.MERCHANT})
EXCLUDED = BreachExclusion._meta.db_table
ENDED = ("c.breached_at", "c.met_at")
LEFT_OUT = {
    ExclusionCause.DISASTER: _("Left out: a disaster in a declared region and time."),
    ExclusionCause.PLATFORM: _("Left out: the platform handled it."),
    ExclusionCause.CUSTOMER: _("Left out: the customer was late."),
    ExclusionCause.OUTAGE: _("Left out: our system failed."),
    ExclusionCause.AUTHORITY: _("Left out: an authority stopped it."),
    ExclusionCause.APPEAL: _("Left out: overturned on appeal."),
}


def _left_out(cause: str, place: str = "") -> str:
    """Only breaches of merchants can be left out; no other row is looked up."""
    return (
        f"c.owed_by = '{Debtor.MERCHANT.value}' AND c.breached_at IS NOT NULL AND EXISTS (SELECT 1 FROM {EXCLUDED} x "
        f"WHERE x.clock_id = c.id AND x.ended_at IS NULL AND x.cause = '{cause}' AND x.place = '{place}')"
    )


EXCLUSIONS = (
    Exclusion("historic", _("Taken in from an older fact: nobody could keep it."), "c.is_historic"),
    *(Exclusion(cause.value, words, _left_out(cause.value)) for cause, words in LEFT_OUT.items()),
    *(
        Exclusion(code_of(place), words, _left_out(ExclusionCause.DISASTER.value, place.value), place)
        for place, words in REASONS.items()
    ),
)


EVERY = ", ".join(f"'{one.value}'" for one in Promise)
ANY = f"c.promise IN ({EVERY})"  # says nothing, but names the column by which ended promises are found


def _kept(where: str, only: frozenset[SubjectKind] = frozenset()) -> tuple[Part, ...]:
    kept = "(c.breached_at IS NULL AND c.met_at <= c.due_at)::int"
    return (
        Part(
            CLOCKS,
            ENDED,
            kept,
            where=where,
            exclusions=EXCLUSIONS,
            only=only,
            due="c.due_at",
            done="c.met_at",
        ),
    )


METRICS = (
    Metric(
        "response_in_time", _("Response in time"), _("The first answer of a person came by its due time."),
        _("first answers in time"), _("first answers given or overdue"),
        Way.SHARE, Direction.HIGHER, Unit.PERCENT, "R3.4 · C1",
        _kept(f"c.promise = '{Promise.FIRST_RESPONSE.value}'", STAFF),
    ),
    Metric(
        "answer_in_time", _("Merchant's answer in time"),
        _("The merchant answered the platform's question by its due time."),
        _("answers in time"), _("answers given or overdue"), Way.SHARE, Direction.HIGHER, Unit.PERCENT, "R6.6 · S(三)",
        _kept(f"c.promise = '{Promise.MERCHANT_ANSWER.value}'", MERCHANTS),
    ),
    Metric(
        "promises_kept", _("Promises kept"), _("All promises with a due time that this side owed."),
        _("promises kept in time"), _("promises that ended or ran out"),
        Way.SHARE, Direction.HIGHER, Unit.PERCENT, "R3.4 · R6.6", _kept(ANY),
    ),
    Metric(
        "words_kept", _("Given words kept"), _("What a person promised a customer or merchant beyond the standards."),
        _("words kept in time"), _("words that ended or ran out"), Way.SHARE, Direction.HIGHER, Unit.PERCENT, "R3.10",
        _kept(f"c.promise = '{Promise.KEPT_WORD.value}'", STAFF),
    ),
    Metric(
        "obligations_kept", _("Obligations kept"),
        _("What the agreement obliges the merchant to: answer, return address, receipt, replacement, refund."),
        _("obligations kept in time"), _("obligations that ended or ran out"),
        Way.SHARE, Direction.HIGHER, Unit.PERCENT, "R6.6 · P3",
        _kept(f"{ANY} AND c.kind IN ('{ClockKind.OBLIGATION.value}', '{ClockKind.STATUTORY.value}')", MERCHANTS),
    ),
)  # fmt: skip
