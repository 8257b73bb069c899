"""Where everybody starts after signing in: at his own work, not at a list of tables."""

import pytest
from django.urls import reverse

from accounts.states import Role
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("role", "page"),
    [
        (Role.AGENT, "desk:day"), (Role.LEAD, "desk:day"), (Role.FINANCE, "desk:payments"),
        (Role.MERCHANT_MANAGER, "desk:shops"), (Role.OPERATIONS, "desk:day"), (Role.AUDITOR, "desk:queue"),
        (Role.RETURNS_RECEIVER, "desk:receiving"), (Role.ADMINISTRATOR, "admin:index"),
    ],
)  # fmt: skip
def test_everybody_starts_at_his_own_work(cast: Cast, role: str, page: str) -> None:
    answer = cast.client(cast.person(role)).get(reverse("desk:home"))
    assert answer["Location"] == reverse(page)
