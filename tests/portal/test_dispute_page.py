"""What the shop reads of its dispute after the ruling: what may still be done, and why not."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import gettext, pgettext

from aftersales.cases import services
from aftersales.cases.models import Case
from tests.cases.test_rulings import FOR_CUSTOMER, ruled
from tests.cases.workshop import DAY, HOUR, fresh
from tests.cast import Cast
from tests.portal.clerk import Clerk

pytestmark = pytest.mark.django_db


def codes(clerk: Clerk, case: Case) -> set[tuple[str, str]]:
    page = clerk.get("case", case.public_id).context
    assert "dispute" not in {one.act.name for one in page["acts"]}
    return {(one.act.name, why.code) for one in page["refused"] for why in one.reasons}


def test_what_is_ruled_is_said_not_to_be_disputed_before_anybody_tries(
    clerk: Clerk, desk: Cast, lived: dict[str, Any], now: datetime
) -> None:
    case, dispute = lived["case"], lived["dispute"]
    assert pgettext("portal", "You may bring evidence until it is ruled.") in clerk.page(
        "dispute", case.public_id
    )
    ruled(dispute, FOR_CUSTOMER, desk.adjudicator, now + 5 * HOUR)
    clerk.at(now + 6 * HOUR)
    assert ("dispute", "disputed_already") in codes(clerk, case)
    page = clerk.page("dispute", case.public_id)
    assert pgettext("portal", "Whoever disagrees may appeal once until then; another person decides.") in page

    clerk.at(now + 9 * DAY)
    page = clerk.page("dispute", case.public_id)
    assert pgettext("portal", "The time for an appeal is over; the ruling is final.") in page
    services.disputes_sweep(now=now + 9 * DAY)
    page = clerk.page("dispute", case.public_id)
    assert pgettext("portal", "The ruling is final and is being carried out.") in page
    assert pgettext("portal", "You may bring evidence until it is ruled.") not in page
    assert ("dispute", "ruled_already") in codes(clerk, case)
    why = gettext("This case was ruled or settled already; that is final.")
    assert why in clerk.page("case", case.public_id)


def test_what_is_settled_or_withdrawn_says_so_and_is_nobodys_turn(
    clerk: Clerk, desk: Cast, open_case: Callable[..., Case], lived: dict[str, Any], now: datetime
) -> None:
    case, dispute = lived["case"], lived["dispute"]
    services.settlement_propose(
        dispute=dispute, by="customer", amount=Decimal(12), actor=desk.agent, now=now + 4 * HOUR
    )
    clerk.at(now + 5 * HOUR).does(case, "accept", agree="on")
    page = clerk.page("dispute", case.public_id)
    assert pgettext("portal", "Both sides settled; that is final.") in page
    assert pgettext("portal", "Your turn") not in page
    assert ("dispute", "ruled_already") in codes(clerk, case)

    other = open_case({0: 1})
    clerk.does(other, "dispute", words="请裁定")
    gone = clerk.does(other, "end_dispute")
    assert pgettext("portal", "The dispute was withdrawn; nothing is ruled in it.") in gone
    acts = clerk.get("case", other.public_id).context["acts"]
    assert "dispute" in {one.act.name for one in acts}, "what was withdrawn may be brought again"
    assert fresh(other).state == "requested"
