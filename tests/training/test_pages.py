"""Pages of authority: what they say, and who may do what by them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from aftersales.core import authority
from aftersales.core.authority import Claim
from training.models import Certificate, Limit, Tier

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
RULE = {"sort": "limit", "key": "in_post-goodwill-cny"}


@pytest.fixture
def at_now(now, monkeypatch) -> None:
    """Pages open at the moment that the tests call now."""
    from django.utils import timezone

    monkeypatch.setattr(timezone, "now", lambda: now)


def page(cast, person, name, **kwargs) -> str:
    answer = cast.client(person).get(
        reverse(f"training:{name}", kwargs=kwargs), headers={"accept-language": "en"}
    )
    assert answer.status_code == 200
    return answer.content.decode()


def post(cast, person, name, kwargs, **data):
    return cast.client(person).post(reverse(f"training:{name}", kwargs=kwargs), data)


def test_the_matrix_names_every_limit(cast) -> None:
    text = page(cast, cast.agent, "limits")
    assert text.count("/training/rules/limit/") == Limit.objects.count()
    assert "¥200" in text


def test_what_i_may_decide_says_what_is_left_today(cast, now) -> None:
    cast.certify(cast.agent)
    claim = Claim("goodwill", Decimal(150), "CNY")
    authority.take(actor=cast.agent, claims={1: [claim]}, now=now)
    for name in ("mine", "allowances"):
        assert "¥850.00" in page(cast, cast.agent, name)


def test_without_a_certificate_the_card_says_so(cast) -> None:
    assert 'class="hint in-card"' in page(cast, cast.agent, "allowances")


def test_a_draft_goes_from_one_person_to_another(cast) -> None:
    terms = {
        "per_decision": "250",
        "per_day": "1000",
        "per_customer": "300",
        "customer_days": "30",
        "reason": "旺季",
    }
    post(cast, cast.operations, "draft", RULE, **{f"draft-{name}": value for name, value in terms.items()})
    draft = Limit.objects.get(code=RULE["key"], number=2)
    assert (draft.state, draft.per_decision, draft.four_eyes_above) == ("draft", 250, None)
    post(cast, cast.operations, "decide", RULE | {"number": 2})
    draft.refresh_from_db()
    assert draft.state == "draft"
    assert "250" in page(cast, cast.supervisor, "rule", **RULE)
    post(cast, cast.supervisor, "decide", RULE | {"number": 2})
    draft.refresh_from_db()
    assert draft.state == "active"


@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"per_decision": "-1", "customer_days": "30", "reason": "x"},
        {"per_decision": "1e999", "customer_days": "30", "reason": "x"},
        {"per_decision": "9", "per_day": "1", "customer_days": "30", "reason": "x"},
        {"per_decision": "9", "customer_days": "0", "reason": "x"},
        {"per_decision": "9", "customer_days": "30", "severities": "nonsense", "reason": "x"},
    ],
)
def test_a_wrong_draft_is_a_message(cast, terms) -> None:
    answer = post(
        cast, cast.operations, "draft", RULE, **{f"draft-{name}": value for name, value in terms.items()}
    )
    assert answer.status_code == 302
    assert Limit.objects.filter(code=RULE["key"]).count() == 1


def test_a_draft_is_returned_with_a_reason(cast) -> None:
    post(cast, cast.operations, "draft", RULE, **{"draft-customer_days": "30", "draft-reason": "x"})
    post(cast, cast.supervisor, "decide", RULE | {"number": 2}, act="reject", reason="")
    assert Limit.objects.get(code=RULE["key"], number=2).state == "draft"
    post(cast, cast.supervisor, "decide", RULE | {"number": 2}, act="reject", reason="太宽")
    assert Limit.objects.get(code=RULE["key"], number=2).state == "rejected"


@pytest.mark.parametrize(("sort", "key"), [("tier", "senior"), ("duty", "returns")])
def test_tiers_and_duties_have_pages_and_drafts_too(cast, sort, key) -> None:
    rule = {"sort": sort, "key": key}
    assert page(cast, cast.operations, "rule", **rule)
    terms = {
        "tier": {
            "rank": "650",
            "valid_months": "6",
            "warn_days": "10",
            "reason": "x",
            "hours": "40",
            "handled": "10",
            "figure_days": "90",
            "sample": "5",
            "days_below": "0",
            "recertify_days": "20",
            "duties": ["returns"],
        },  # fmt: skip
        "duty": {"tier": str(Tier.objects.get(code="senior").pk), "reason": "x"},
    }[sort]
    post(cast, cast.operations, "draft", rule, **{f"draft-{name}": value for name, value in terms.items()})
    assert 'data-dialog="draft"' in page(cast, cast.operations, "rule", **rule)


def test_a_supervisor_certifies_and_suspends_on_the_persons_page(cast) -> None:
    who = {"pk": cast.agent.pk}
    data = {"grant-tier": str(Tier.objects.get(code="in_post").pk), "grant-duties": ["returns"]}
    post(cast, cast.supervisor, "grant", who, **data)
    row = Certificate.objects.get()
    assert (row.person_id, row.duties) == (cast.agent.pk, ["returns"])
    assert row.number in page(cast, cast.supervisor, "person", **who)
    act = {"public_id": row.public_id, "name": "suspend"}
    post(cast, cast.supervisor, "certificate_act", act, reason="投诉属实", version=str(row.version))
    row.refresh_from_db()
    assert row.state == "suspended"


def test_nobody_certifies_himself_by_a_direct_post(cast) -> None:
    data = {"grant-tier": str(Tier.objects.get(code="lead").pk)}
    post(cast, cast.supervisor, "grant", {"pk": cast.supervisor.pk}, **data)
    assert not Certificate.objects.exists()
    row = cast.certify(cast.supervisor)
    act = {"public_id": row.public_id, "name": "revoke"}
    post(cast, cast.supervisor, "certificate_act", act, reason="x")
    row.refresh_from_db()
    assert row.state == "certified"


def test_an_ended_certificate_shows_as_ended_before_the_sweep(cast, now) -> None:
    cast.certify(cast.agent, valid_from=now - timedelta(days=9), valid_to=now + timedelta(microseconds=1))
    Certificate.objects.update(valid_to=now)
    assert "已到期" in page(cast, cast.agent, "mine") or "Ended" in page(cast, cast.agent, "mine")


def test_the_persons_account_shows_his_certificates(cast) -> None:
    row = cast.certify(cast.agent)
    url = reverse("admin:accounts_user_change", args=[cast.agent.pk])
    assert row.number in cast.client(cast.supervisor).get(url).content.decode()
    assert row.number not in cast.client(cast.finance).get(url).content.decode()


def test_odd_addresses_are_not_found(cast) -> None:
    browser = cast.client(cast.supervisor)
    for path in ("rules/what/x/", "rules/limit/none/", f"rules/limit/{RULE['key']}/?v=99", "people/999999/"):
        assert browser.get(f"/training/{path}").status_code == 404
    assert browser.get(f"/training/rules/limit/{RULE['key']}/?v=²").status_code == 200


def test_the_matrix_takes_as_many_statements_whatever_the_rows(cast, django_assert_max_num_queries) -> None:
    browser = cast.client(cast.agent)
    browser.get(reverse("training:limits"))
    with django_assert_max_num_queries(9):
        browser.get(reverse("training:limits"))
