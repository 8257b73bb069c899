"""The demonstration's people exist in demo mode and are locked out of production."""

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.test import RequestFactory

from accounts import demo
from accounts.models import Shift, Team, User
from accounts.selectors import people_on_duty
from accounts.states import Duty, Kind
from aftersales.core.errors import DomainError

pytestmark = pytest.mark.django_db


def signs_in(login):
    return (
        authenticate(RequestFactory().post("/"), username=login.username, password=login.password) is not None
    )


def test_every_printed_login_works_in_demo_mode(now):
    demo.create(now)
    assert all(signs_in(login) for login in demo.LOGINS)


def test_a_second_run_makes_nothing(now):
    demo.create(now)
    before = (User.objects.count(), Team.objects.count(), Shift.objects.count())
    demo.create(now + timedelta(days=1))
    assert (User.objects.count(), Team.objects.count(), Shift.objects.count()) == before


def test_somebody_is_on_duty_for_every_duty_at_the_moment_of_the_start(now):
    demo.create(now)
    for duty in Duty:
        assert people_on_duty(duty, now), duty
    assert any(one.available for one in people_on_duty(Duty.ORDERS, now))


def test_demo_people_are_refused_in_production(now, settings):
    demo.create(now)
    settings.PRODUCTION = True
    assert not any(signs_in(login) for login in demo.LOGINS)
    with pytest.raises(DomainError):
        demo.create(now)


def test_an_open_session_of_a_demo_person_is_worthless_in_production(cast, now, settings):
    client = cast.client(cast.person("agent", kind=Kind.DEMO))
    assert client.get("/accounts/").status_code == 302
    settings.PRODUCTION = True
    assert client.get("/accounts/")["Location"].startswith("/accounts/login/")
