"""How long a session lives, and what ends it at once."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import services
from accounts.models import User
from accounts.states import Role
from tests.cast import PASSWORD

PAGE = "/accounts/password/"


def alive(client):
    return client.get(PAGE).status_code == 200


def test_signing_out_kills_the_old_cookie(cast):
    client = cast.client("agent")
    old = client.cookies["sessionid"].value
    client.post(reverse("account_logout"))
    thief = Client()
    thief.cookies["sessionid"] = old
    assert not alive(thief)


def test_deactivation_ends_every_session_at_once(cast, now):
    clients = [cast.client("agent"), cast.client("agent")]
    services.user_deactivate(user=cast.agent, actor=cast.administrator, now=now)
    assert not any(alive(client) for client in clients)
    services.user_activate(user=cast.agent, actor=cast.administrator, now=now)
    assert not any(alive(client) for client in clients)


def test_a_new_password_keeps_this_session_and_ends_the_others(cast):
    here, elsewhere = cast.client("agent"), cast.client("agent")
    data = {"oldpassword": PASSWORD, "password1": "quite-another-one", "password2": "quite-another-one"}
    assert here.post(PAGE, data).status_code == 302
    assert alive(here)
    assert not alive(elsewhere)


def test_losing_a_role_ends_sessions_and_winning_one_does_not(cast, now):
    client = cast.client("agent")
    services.user_set_roles(user=cast.agent, roles=[Role.AGENT, Role.LEAD], actor=cast.administrator, now=now)
    assert alive(client)
    services.user_set_roles(user=cast.agent, roles=[Role.LEAD], actor=cast.administrator, now=now)
    assert not alive(client)


def test_an_administrator_ends_the_sessions_of_somebody(cast, now):
    client = cast.client("agent")
    services.user_end_sessions(user=cast.agent, actor=cast.administrator, now=now, reason="电脑遗失")
    assert not alive(client)


def test_an_idle_session_ends(cast, settings):
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        client = cast.client("agent")
        assert alive(client)
        clock.move_to(start + settings.SESSION_IDLE - timedelta(minutes=1))
        assert alive(client)
        clock.shift(settings.SESSION_IDLE - timedelta(minutes=1))
        assert alive(client)
        clock.shift(settings.SESSION_IDLE + timedelta(minutes=2))
        assert not alive(client)


def test_pages_that_refresh_themselves_do_not_keep_a_session_alive(cast, settings):
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        client = cast.client("agent")
        assert alive(client)
        for _minute in range(7):
            clock.shift(settings.SESSION_IDLE / 6)
            last = client.get(PAGE, headers={"x-background": "1"})
        assert last.status_code == 302


def test_no_session_outlives_the_absolute_limit(cast, settings):
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        client = cast.client("agent")
        while timezone.now() < start + settings.SESSION_ABSOLUTE:
            assert alive(client)
            clock.shift(timedelta(minutes=50))
        assert not alive(client)


def test_htmx_learns_where_to_sign_in(cast, settings):
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        client = cast.client("agent")
        assert alive(client)
        clock.shift(settings.SESSION_IDLE * 2)
        answer = client.get(PAGE, headers={"hx-request": "true"})
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == reverse("account_login")


def test_a_session_costs_two_statements_a_request(cast):
    """The page's own third one looks for sign-ins of providers."""
    client = cast.client("agent")
    client.get(PAGE)
    with CaptureQueriesContext(connection) as asked:
        client.get(PAGE)
    tables = [one["sql"].split(" FROM ")[1].split()[0].strip('"') for one in asked.captured_queries]
    assert tables == ["django_session", "accounts_user", "socialaccount_socialaccount"]


@pytest.mark.django_db
def test_the_superuser_does_not_exist():
    assert User.is_superuser is False
    assert not hasattr(User, "user_permissions")
    assert not hasattr(User, "groups")
