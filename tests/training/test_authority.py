"""How much one person may decide: tier × kind × amount × day × customer × state of the certificate."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.states import Role
from aftersales.core import authority
from aftersales.core.authority import Claim, Verdict
from training import selectors, services
from training.models import AuthorityUse, Certificate, Limit
from training.states import Holder

pytestmark = pytest.mark.django_db


def goodwill(amount: str, customer: int | None = None, **more: Any) -> Claim:
    return Claim("goodwill", Decimal(amount), "CNY", customer_id=customer, **more)


def ask(person: Any, *claims: Claim, now: Any) -> authority.Ruling:
    return authority.weigh(actor=person, claims={1: claims}, now=now)[1]


def take(person: Any, *claims: Claim, now: Any) -> authority.Ruling:
    return authority.take(actor=person, claims={1: claims}, now=now)[1]


def codes(ruling: authority.Ruling) -> list[str]:
    return [one.code for one in ruling.refusals]


@pytest.mark.parametrize(
    ("tier", "kind", "amount", "verdict"),
    [
        ("trainee", "goodwill", "0.01", Verdict.REFUSED),
        ("basic", "goodwill", "50", Verdict.ALLOWED),
        ("basic", "goodwill", "50.01", Verdict.SECOND),
        ("in_post", "goodwill", "200", Verdict.ALLOWED),
        ("in_post", "goodwill", "200.01", Verdict.SECOND),
        ("senior", "goodwill", "500", Verdict.ALLOWED),
        ("lead", "goodwill", "1000", Verdict.ALLOWED),
        ("lead", "goodwill", "1000.01", Verdict.SECOND),  # within the limit, but two persons
        ("basic", "waive_return", "1", Verdict.REFUSED),
        ("in_post", "waive_return", "100", Verdict.ALLOWED),
        ("in_post", "ruling", "1", Verdict.REFUSED),
        ("adjudicator", "ruling", "10000", Verdict.ALLOWED),
        ("in_post", "write_off", "1", Verdict.REFUSED),
        ("finance", "write_off", "1", Verdict.SECOND),  # always two persons
    ],
)
def test_a_tier_decides_what_its_limit_says(cast, now, tier, kind, amount, verdict) -> None:
    cast.certify(cast.agent, tier)
    assert ask(cast.agent, Claim(kind, Decimal(amount), "CNY"), now=now).verdict == verdict


def test_the_reason_names_the_limit_and_who_may(cast, now) -> None:
    cast.certify(cast.agent, "in_post")
    ruling = ask(cast.agent, goodwill("350"), now=now)
    assert codes(ruling) == ["above_decision"]
    assert "¥350.00" in str(ruling.refusals[0])
    assert "¥200.00" in str(ruling.refusals[0])
    assert selectors.Tier.objects.get(code="senior").name in str(ruling.refusals[0])
    assert ruling.rule == "limit.in_post-goodwill-cny v1"


def test_a_decision_without_money_needs_the_kind_only(cast, now) -> None:
    cast.certify(cast.agent, "basic")
    assert ask(cast.agent, Claim("approve_return"), now=now).allowed
    assert codes(ask(cast.agent, Claim("ruling"), now=now)) == ["no_authority"]


def test_another_currency_has_no_limit_and_is_refused(cast, now) -> None:
    cast.certify(cast.agent)
    assert codes(ask(cast.agent, Claim("goodwill", Decimal(1), "EUR"), now=now)) == ["no_currency"]


def test_a_severity_that_the_limit_does_not_name_is_refused(cast, now) -> None:
    cast.certify(cast.agent)
    draft = services.limit_draft(
        code="in_post-goodwill-cny", actor=cast.operations, now=now, severities=["minor"], reason="x"
    )
    services.rule_activate(draft=draft, actor=cast.supervisor, now=now)
    assert ask(cast.agent, goodwill("10", severity="minor"), now=now).allowed
    assert codes(ask(cast.agent, goodwill("10", severity="critical"), now=now)) == ["no_severity"]
    assert codes(ask(cast.agent, goodwill("10"), now=now)) == ["no_severity"]


def test_the_sum_of_a_day_counts(cast, now) -> None:
    """¥1,000 a day in decisions of ¥200; the sixth one waits for tomorrow."""
    cast.certify(cast.agent)
    for _ in range(5):
        assert take(cast.agent, goodwill("200"), now=now).allowed
    assert codes(take(cast.agent, goodwill("0.01"), now=now)) == ["above_day"]
    assert take(cast.agent, goodwill("200"), now=now + timedelta(days=1)).allowed
    assert selectors.use_sum("person", cast.agent.pk, "goodwill", "CNY", selectors.day_of(now)) == 1000


def test_the_day_is_the_houses_own(cast, now) -> None:
    """16:00 in Greenwich is midnight here."""
    cast.certify(cast.agent)
    midnight = now.replace(hour=16, minute=0)
    for _ in range(5):
        assert take(cast.agent, goodwill("200"), now=midnight - timedelta(microseconds=1)).allowed
    assert take(cast.agent, goodwill("200"), now=midnight).allowed


def test_compensations_split_for_one_customer_do_not_pass_the_limit(cast, now) -> None:
    """¥300 per customer in 30 days: by decision, by day and by colleague alike."""
    second = cast.person(Role.AGENT)
    for person in (cast.agent, second):
        cast.certify(person)
    assert take(cast.agent, goodwill("200", customer=7), now=now).allowed
    assert take(cast.agent, goodwill("100", customer=7), now=now + timedelta(days=2)).allowed
    assert codes(take(second, goodwill("1", customer=7), now=now + timedelta(days=3))) == ["above_customer"]
    assert take(second, goodwill("1", customer=8), now=now + timedelta(days=3)).allowed
    assert take(second, goodwill("200", customer=7), now=now + timedelta(days=30)).allowed


def test_the_kinds_have_sums_of_their_own(cast, now) -> None:
    cast.certify(cast.agent)
    for _ in range(5):
        assert take(cast.agent, goodwill("200"), now=now).allowed
    assert take(cast.agent, Claim("freight", Decimal(50), "CNY"), now=now).allowed


def test_a_batch_is_judged_row_after_row(cast, now) -> None:
    """Seven rows of ¥200: five fit into the day, asked as well as done; a smaller one after them does not either."""
    cast.certify(cast.agent)
    claims = {number: [goodwill("200")] for number in range(7)}
    for judge in (authority.weigh, authority.take):
        rulings = judge(actor=cast.agent, claims=claims, now=now)
        assert [ruling.allowed for ruling in rulings.values()] == [True] * 5 + [False] * 2
    assert AuthorityUse.objects.get().decisions == 5


def test_several_decisions_of_one_row_stand_or_fall_together(cast, now) -> None:
    cast.certify(cast.agent)
    both = [goodwill("100", customer=7), Claim("ruling", Decimal(1), "CNY")]
    assert codes(take(cast.agent, *both, now=now)) == ["no_authority"]
    assert not AuthorityUse.objects.exists()


def test_a_second_person_confirms_within_his_own_limit(cast, now) -> None:
    cast.certify(cast.lead, "lead")
    assert codes(ask(cast.lead, goodwill("1500"), now=now)) == ["four_eyes"]
    assert ask(cast.lead, goodwill("1500", confirms=True), now=now).allowed
    assert codes(ask(cast.lead, goodwill("2000.01", confirms=True), now=now)) == ["above_decision"]


def test_what_is_taken_back_no_longer_counts(cast, now) -> None:
    cast.certify(cast.agent)
    claims = [goodwill("200", customer=7)]
    take(cast.agent, *claims, now=now)
    services.authority_return(person=cast.agent, claims=claims, decided_at=now)
    assert list(AuthorityUse.objects.values_list("amount", "decisions")) == [(0, 0), (0, 0)]


def test_without_a_certificate_nothing_is_decided(cast, now) -> None:
    assert codes(ask(cast.agent, goodwill("1"), now=now)) == ["no_certificate"]


def test_a_certificate_ends_at_its_instant(cast, now) -> None:
    """Expired at midnight is refused at midnight, whether the sweep has run or not."""
    end = now + timedelta(hours=3)
    row = cast.certify(cast.agent, valid_to=end)
    assert ask(cast.agent, goodwill("1"), now=end - timedelta(microseconds=1)).allowed
    ruling = ask(cast.agent, goodwill("1"), now=end)
    assert codes(ruling) == ["no_certificate"]
    assert row.number in str(ruling.refusals[0])


def test_a_suspension_counts_at_once(cast, now) -> None:
    row = cast.certify(cast.agent)
    services.certificate_move(
        certificate=row, name="suspend", actor=cast.supervisor, now=now, reason="投诉属实"
    )
    assert codes(take(cast.agent, goodwill("1"), now=now)) == ["no_certificate"]
    services.certificate_move(
        certificate=row, name="reinstate", actor=cast.supervisor, now=now, reason="复训合格"
    )
    assert take(cast.agent, goodwill("1"), now=now).allowed


def test_the_best_of_two_certificates_counts(cast, now) -> None:
    cast.certify(cast.agent, "basic")
    cast.certify(cast.agent, "senior")
    ruling = ask(cast.agent, goodwill("500"), now=now)
    assert (ruling.allowed, ruling.rule) == (True, "limit.senior-goodwill-cny v1")


def test_the_system_and_merchants_are_not_limited(cast, now) -> None:
    """Their rules are rows of other rooms; nothing of theirs is counted here."""
    for person in (cast.system, cast.merchant_owner):
        assert take(person, goodwill("99999", customer=7), now=now).allowed
    assert not AuthorityUse.objects.exists()


@pytest.mark.parametrize("column", ["per_decision", "per_day", "per_customer", "four_eyes_above"])
def test_each_number_of_a_limit_moves_behaviour(cast, now, column) -> None:
    cast.certify(cast.agent)
    claim = goodwill("150", customer=7)
    assert ask(cast.agent, claim, now=now).allowed
    Limit.objects.filter(code="in_post-goodwill-cny").update(**{column: Decimal(100)})
    assert not ask(cast.agent, claim, now=now).allowed


def test_the_days_of_a_customers_sum_move_behaviour(cast, now) -> None:
    cast.certify(cast.agent)
    take(cast.agent, goodwill("200", customer=7), now=now)
    claim, later = goodwill("200", customer=7), now + timedelta(days=10)
    assert not ask(cast.agent, claim, now=later).allowed
    Limit.objects.filter(code="in_post-goodwill-cny").update(customer_days=10)
    assert ask(cast.agent, claim, now=later).allowed


def test_asking_takes_one_query_and_taking_few(cast, now, django_assert_num_queries) -> None:
    cast.certify(cast.agent)
    claims = {number: [goodwill("1", customer=number)] for number in range(50)}
    with django_assert_num_queries(1):
        authority.weigh(actor=cast.agent, claims=claims, now=now)
    with django_assert_num_queries(7):  # a savepoint, certificates, gates made and passed, sums, the count
        authority.take(actor=cast.agent, claims=claims, now=now)


def test_an_amount_is_never_negative_nor_without_currency() -> None:
    for wrong in ({"amount": Decimal(-1), "currency": "CNY"}, {"amount": Decimal(1)}):
        with pytest.raises(ValueError, match="amount"):
            Claim("refund", **wrong)


def test_holders_are_told_apart(cast, now) -> None:
    """A person and a customer with the same key keep two sums."""
    cast.certify(cast.agent)
    take(cast.agent, goodwill("5", customer=cast.agent.pk), now=now)
    assert {row.holder for row in AuthorityUse.objects.all()} == set(Holder.values)
    assert Certificate.objects.live(now).count() == 1
