"""The staff sheet brings people in; what opens an account to somebody else stays on the person's page."""

from typing import Any

import pytest

from accounts.states import Role
from tests.core.sheets.steps import check, rows_as_csv

pytestmark = pytest.mark.django_db


def refused(cast: Any, now: Any, actor: Any, column: str, person: Any, value: str) -> int:
    upload = check("staff", rows_as_csv(["username", column], [person.username, value]), actor=actor, now=now)
    return int(upload.count("refused"))


def test_nobody_gets_an_administrators_reset_link_by_a_sheet(cast: Any, now: Any) -> None:
    for actor in (cast.operations, cast.administrator):
        assert refused(cast, now, actor, "email", cast.administrator, "mine@example.com") == 1


def test_roles_are_added_by_a_sheet_but_not_taken_or_mixed(cast: Any, now: Any) -> None:
    boss, agent = cast.administrator, cast.agent
    assert refused(cast, now, boss, "roles", agent, f"{Role.AGENT},{Role.INSPECTOR}") == 0
    for wrong in (Role.INSPECTOR, f"{Role.AGENT},{Role.AUDITOR}", f"{Role.AGENT},{Role.MERCHANT_OWNER}"):
        assert refused(cast, now, boss, "roles", agent, str(wrong)) == 1
