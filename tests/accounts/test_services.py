"""People: who may create, change, promote and send away whom."""

from datetime import timedelta

import pytest

from accounts import services
from accounts.models import User
from accounts.states import Role
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event


def codes(user):
    return list(Event.objects.about("accounts.user", user.pk).order_by("id").values_list("kind", flat=True))


def test_an_administrator_creates_an_account_that_cannot_sign_in_before_a_password_is_set(cast, now):
    user = services.user_create(
        username="new", display_name="新人", roles=[Role.AGENT], actor=cast.administrator, now=now
    )
    assert not user.has_usable_password()
    assert user.roles == ["agent"]
    assert codes(user) == ["user.created"]
    assert user.history.count() == 1


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.ADMINISTRATOR, Role.SYSTEM)])
def test_nobody_else_creates_accounts_or_gives_roles(cast, now, role):
    actor = cast.of(role)
    with pytest.raises(NotPermitted):
        services.user_create(username="new", display_name="新人", roles=[], actor=actor, now=now)
    with pytest.raises(NotPermitted):
        services.user_set_roles(user=cast.person(), roles=[Role.FINANCE], actor=actor, now=now)


def test_nobody_changes_the_own_roles(cast, now):
    with pytest.raises(DomainError) as error:
        services.user_set_roles(
            user=cast.administrator,
            roles=[Role.ADMINISTRATOR, Role.FINANCE],
            actor=cast.administrator,
            now=now,
        )
    assert error.value.code == "oneself"


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        ([Role.SYSTEM], "unknown_role"),
        (["superuser"], "unknown_role"),
        ([Role.AGENT, Role.MERCHANT_OWNER], "both_sides"),
        ([Role.AUDITOR, Role.FINANCE], "auditor_alone"),
    ],
)
def test_roles_that_do_not_fit_are_refused(cast, now, roles, code):
    with pytest.raises(DomainError) as error:
        services.user_set_roles(user=cast.agent, roles=roles, actor=cast.administrator, now=now)
    assert error.value.code == code


def test_a_change_of_roles_is_told_with_old_and_new(cast, now):
    services.user_set_roles(
        user=cast.agent, roles=[Role.LEAD], actor=cast.administrator, now=now, reason="晋升"
    )
    event = Event.objects.get(kind="user.roles_changed")
    assert event.payload == {"old_roles": ["agent"], "new_roles": ["lead"]}
    assert event.reason == "晋升"
    assert User.objects.get(pk=cast.agent.pk).roles == ["lead"]


def test_the_last_administrator_stays(cast, now):
    other = cast.person(Role.ADMINISTRATOR)
    services.user_deactivate(user=cast.administrator, actor=other, now=now)
    again = services.system_user()
    with pytest.raises(DomainError) as error:
        services.user_set_roles(user=other, roles=[Role.AGENT], actor=again, now=now)
    assert error.value.code == "last_administrator"


def test_names_and_addresses_are_unique_whatever_their_case(cast, now):
    cast.person(Role.AGENT, username="Anna", email="anna@example.com")
    for columns, code in (
        ({"username": "anna"}, "username_taken"),
        ({"username": "b", "email": "ANNA@example.com"}, "email_taken"),
    ):
        with pytest.raises(DomainError) as error:
            services.user_create(display_name="x", roles=[], actor=cast.administrator, now=now, **columns)
        assert error.value.code == code


def test_a_stale_save_is_refused_with_both_values(cast, now):
    user = cast.agent
    services.user_change(
        user=user, actor=cast.administrator, now=now, version=user.version, display_name="甲"
    )
    with pytest.raises(DomainError) as error:
        services.user_change(
            user=user, actor=cast.administrator, now=now, version=user.version, display_name="乙"
        )
    assert error.value.code == "conflict"


def test_roles_and_password_do_not_pass_through_the_ordinary_change(cast, now):
    for column, value in (
        ("roles", ["administrator"]),
        ("password", "x"),
        ("kind", "machine"),
        ("is_active", True),
    ):
        with pytest.raises(DomainError) as error:
            services.user_change(user=cast.agent, actor=cast.administrator, now=now, **{column: value})
        assert error.value.code == "not_editable"


def test_machine_accounts_are_left_alone(cast, now):
    system = services.system_user(now)
    assert services.system_user(now) == system
    for act in (services.user_deactivate, services.user_activate):
        with pytest.raises(DomainError) as error:
            act(user=system, actor=cast.administrator, now=now)
        assert error.value.code == "machine"


def test_history_holds_neither_password_nor_name_nor_address(cast, now):
    services.user_change(
        user=cast.agent, actor=cast.administrator, now=now + timedelta(1), display_name="改名"
    )
    columns = {field.name for field in User.history.model._meta.get_fields()}
    assert not columns & {"password", "display_name", "email"}
