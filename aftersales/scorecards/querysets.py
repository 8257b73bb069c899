"""Whose figures a person may see."""

from datetime import date
from typing import Any, Self

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Team, TeamMember
from aftersales.core.querysets import ScopedQuerySet
from aftersales.core.rulebook import RuleState, RuleVersions
from aftersales.ledger.states import Party
from aftersales.merchants.models import Merchant
from aftersales.scorecards.states import TRADE, SubjectKind

PEOPLE = (SubjectKind.PERSON, SubjectKind.TEAM, SubjectKind.VENDOR)


def _seen(user: Any) -> Q:
    """Trade by ``view_merchants``, people by ``view_people``; a lead his teams and their people; else one's own."""
    seen = Q(pk__in=[])
    if user is None or not user.is_active:
        return seen
    if user.has_perm("scorecards.view_merchants"):
        seen |= Q(subject_kind__in=TRADE)
    if user.has_perm("scorecards.view_people"):
        seen |= Q(subject_kind__in=PEOPLE)
    elif user.has_perm("scorecards.view_own"):
        own = Q(subject_id=user.pk) | Q(subject_id__in=led_people(user).values("person_id"))
        seen |= Q(subject_kind=SubjectKind.PERSON) & own
        seen |= Q(subject_kind=SubjectKind.TEAM, subject_id__in=led_teams(user).values("pk"))
    return seen


class RollupQuerySet(ScopedQuerySet):
    """Whoever answers for merchants sees trade, for people people; a lead his teams; everybody himself."""

    def visible_to(self, user: Any) -> Self:
        return self.filter(_seen(user))

    def of_days(self, since: date, until: date) -> Self:
        """Both days with it."""
        return self.filter(day__gte=since, day__lte=until)

    def counting_still(self) -> Self:
        """Without days of a merchant's figure that count no more, as his score leaves them out."""
        from aftersales.scorecards.models import Neutral

        out = Neutral.objects.filter(
            merchant_id=OuterRef("subject_id"), metric=OuterRef("metric"), since__lte=OuterRef("day"),
            until__gte=OuterRef("day"),
        )  # fmt: skip
        return self.exclude(Exists(out), subject_kind=SubjectKind.MERCHANT)


class ScoredQuerySet(ScopedQuerySet):
    """Scores as the figures they are made of; a merchant's people see the merchant's own."""

    def visible_to(self, user: Any) -> Self:
        seen = _seen(user)
        if user is not None and user.is_active and user.has_perm("portal.work"):
            mine = Merchant.objects.of_member(user).values("pk")
            seen |= Q(subject_kind=SubjectKind.MERCHANT, subject_id__in=mine)
        return self.filter(seen)

    def judging_first(self) -> Self:
        """That of the formula that judges before those kept beside it."""
        return self.order_by(_judges("formula").desc(), "formula__code")


class MonthRunQuerySet(ScopedQuerySet):
    """Everybody of the department reads by which rules a month was judged; of whom, says ``OutcomeQuerySet``."""

    view_capability = "standards.view_rulebook"


class OutcomeQuerySet(ScopedQuerySet):
    """What a month brought whom: merchants' and people's as their figures; of a team, each member his own."""

    def visible_to(self, user: Any) -> Self:
        return self.filter(parties_seen(user))


def parties_seen(user: Any) -> Q:
    """Outcomes whose party this person may see."""
    seen = Q(pk__in=[])
    if user is None or not user.is_active:
        return seen
    if user.has_perm("scorecards.view_merchants"):
        seen |= Q(party=Party.MERCHANT)
    if user.has_perm("scorecards.view_people"):
        seen |= Q(party=Party.PERSON)
    elif user.has_perm("scorecards.view_own"):
        own = Q(party_id=user.pk) | Q(party_id__in=led_people(user).values("person_id"))
        seen |= Q(party=Party.PERSON) & own
    return seen


class ShadowQuerySet(ScopedQuerySet):
    """Whoever tries drafts, and the auditor."""

    view_capability = "scorecards.view_trials"


class ShadowScores(ShadowQuerySet):
    """Of a run that one may see: trade to all of them, people only to whom their scores are shown."""

    def visible_to(self, user: Any) -> Self:
        rows = super().visible_to(user)
        hidden = user is None or not user.has_perm("scorecards.view_people")
        return rows.exclude(subject_kind__in=PEOPLE) if hidden else rows


class FormulaQuerySet(ScopedQuerySet):
    """Everybody of the department reads by what is scored."""

    view_capability = "standards.view_rulebook"

    def judging(self, kind: SubjectKind) -> Self:
        """By which this kind of subjects is judged, first: by code, but those that no version counts of come last."""
        return self.filter(subject_kind=kind).order_by(_judges("pk").desc(), "code")


def _judges(formula: str) -> Exists:
    """Whether a version of the formula counts, or will."""
    from aftersales.scorecards.models import FormulaVersion

    return Exists(FormulaVersion.objects.filter(formula=OuterRef(formula), state=RuleState.ACTIVE))


class FormulaVersions(RuleVersions):
    view_capability = "standards.view_rulebook"


def led_teams(user: Any) -> QuerySet[Team]:
    return Team.objects.filter(lead_id=user.pk, active_to=None)


def led_people(user: Any) -> QuerySet[TeamMember]:
    return TeamMember.objects.filter(team__lead_id=user.pk, team__active_to=None, active_to=None)
