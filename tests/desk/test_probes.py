"""Every list of the staff's pages, asked with every parameter by the people of an outsourced vendor."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import NoReverseMatch, reverse

from accounts.states import Role
from aftersales.cases import services
from aftersales.cases.models import Case
from aftersales.customers.models import Customer
from aftersales.tickets.models import Ticket
from tests.architecture.permissions import PAGES, REGISTERS
from tests.architecture.rows import ANYBODY, SIGNED_IN
from tests.cases.conftest import certified, lines, only_services_write, open_case, order, ticket
from tests.cast import Cast
from tests.probes import NONSENSE, RAW, Probe, parameters

__all__ = ["certified", "lines", "only_services_write", "open_case", "order", "ticket"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
HOUR = timedelta(hours=1)


def lists(role: str) -> Iterator[str]:
    """Every address without a key that this role may look at, and the lists of its registers."""
    for name, page in sorted(PAGES.items()):
        if (
            page.method != "GET"
            or page.who == ANYBODY
            or name.startswith(("mfa_", "account_", "accounts:sso"))
        ):
            continue
        if page.who == SIGNED_IN or role in page.who:
            try:
                yield reverse(name)
            except NoReverseMatch:
                continue
    for label, register in sorted(REGISTERS.items()):
        if role in set(register.view):
            yield reverse(f"admin:{label.replace('.', '_')}_changelist")
    for sheet in ("tickets", "orders", "customers", "merchants", "cases", "clocks"):
        for fmt in ("csv", "xlsx"):
            yield reverse("sheets:export", args=[sheet, fmt])
    yield reverse("desk:export", args=["csv"])


@pytest.fixture
def hidden(
    open_case: Callable[..., Case],
    desk: Cast,
    customer: Customer,
    now: datetime,
    settings: Any,
    tmp_path: Path,
) -> tuple[Case, list[str]]:
    """A case of the first team with a dispute, and what only those who see its ticket may read of it."""
    settings.MEDIA_ROOT = tmp_path
    case = open_case({0: 1})
    theirs = {"team": desk.team, "assignee": desk.agent, "owner": desk.agent}
    Ticket.objects.filter(pk=case.ticket_id).update(subject="秘密主题耳机", **theirs)
    services.case_reject(case=case, words="秘密理由", actor=desk.agent, now=now)
    case.refresh_from_db()
    dispute = services.dispute_open(
        case=case, by="customer", actor=desk.agent, now=now + HOUR, words="秘密争议"
    )
    return case, [case.number, case.ticket.number, dispute.number, "秘密主题", "秘密理由", "秘密争议"]


@pytest.mark.parametrize("role", [Role.VENDOR_AGENT, Role.VENDOR_LEAD])
def test_no_parameter_of_a_list_shows_what_is_another_teams(
    role: Role, hidden: tuple[Case, list[str]], desk: Cast, now: datetime
) -> None:
    case, secrets = hidden
    person = desk.person(role, name="外人")
    desk.make_team("other", lead=person, members=[person], vendor="某服务商")
    names = parameters()
    values = [
        str(case.ticket_id), str(case.pk), str(desk.team.pk), str(desk.agent.pk), desk.agent.username,
        str(case.merchant_id), str(case.customer_id), "C-1", "A-1", "csv", "closed", "all", *NONSENSE,
    ]  # fmt: skip
    probe = Probe(role, desk.client(person), [*secrets, "林芳"])
    for path in lists(role):
        probe.ask(path, "")
        probe.ask(path, RAW[0])
        probe.try_all(path, names, values, 1)
    assert not probe.wrong
