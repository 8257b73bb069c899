"""The registers' base: nothing outside one's scope is seen, named or changed, whatever is posted."""

import pytest
from django.db import ProgrammingError, transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts import services
from accounts.models import Shift, Team, TeamMember, User
from accounts.states import Duty, Role
from aftersales.core.changelists import AtLeast
from aftersales.core.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def vendor(cast):
    """A vendor's team: its lead sees these people and nobody else."""
    lead, agent = cast.vendor_lead, cast.vendor_agent
    cast.make_team("vendor", lead=lead, duties=[Duty.ORDERS], members=[lead, agent], vendor="外包")
    return lead


def url(name, *args):
    return reverse(f"admin:accounts_{name}", args=args)


def user_data(user, **changes):
    data = {
        "username": user.username, "display_name": user.display_name, "email": user.email, "language": user.language,
        "capacity": user.capacity, "roles": user.roles, "_version": user.version,
    }  # fmt: skip
    return data | changes


# scope


def test_lists_and_pages_show_only_what_the_person_may_see(cast, vendor):
    page = cast.client(vendor).get(url("user_changelist")).content.decode()
    assert vendor.username in page
    assert cast.agent.username not in [user.username for user in User.objects.visible_to(vendor)]
    assert cast.client(vendor).get(url("user_change", cast.agent.pk)).status_code == 404
    assert cast.client(vendor).get(url("user_change", cast.vendor_agent.pk)).status_code == 200


def test_absent_and_forbidden_rows_look_the_same(cast, vendor):
    client = cast.client(vendor)
    assert client.get(url("user_change", cast.agent.pk)).status_code == 404
    assert client.get(url("user_change", 999_999)).status_code == 404


@pytest.mark.parametrize(
    "lookup",
    ["password__startswith=pbkdf", "session_epoch=0", "email__contains=a", "lead__password__startswith=p"],
)
def test_a_hidden_column_is_no_oracle(cast, lookup):
    assert cast.client("administrator").get(f"{url('user_changelist')}?{lookup}").status_code == 400


def test_declared_filters_work(cast):
    client = cast.client("administrator")
    for query in ("is_active__exact=1", "role=agent", "kind__exact=person", "is_active=1"):
        assert client.get(f"{url('user_changelist')}?{query}").status_code == 200, query


def test_a_foreign_key_outside_the_scope_is_neither_accepted_nor_named(cast, vendor):
    cast.agent.display_name = "秘密的名字"
    cast.agent.save()
    data = {
        "person": cast.agent.pk,
        "starts_at_0": "2026-12-01",
        "starts_at_1": "08:00",
        "ends_at_0": "2026-12-01",
        "ends_at_1": "16:00",
    }
    answer = cast.client(vendor).post(url("shift_add"), data)
    assert answer.status_code == 200
    assert "秘密的名字" not in answer.content.decode()
    assert not Shift.objects.exists()


def test_hostile_parameters_are_no_server_error(cast):
    client = cast.client("administrator")
    for query in (
        "o=99.-3",
        "p=9999",
        "all=",
        "e=1",
        "q=%00",
        "q=((((a%2B)%2B)%2B)%2B)$",
        "_to_field=password",
        "_popup=1",
        "is_active__exact=maybe",
        "role=__class__",
    ):
        assert client.get(f"{url('user_changelist')}?{query}").status_code in (200, 302, 400), query


# rights


@pytest.mark.parametrize("chosen", ["..", "", "1e9", "²", "9" * 40])
def test_a_chosen_row_that_is_none_is_no_server_error(cast, chosen):
    """An act on rows of a list: keys that are no keys count as nothing chosen."""
    answer = cast.client("operations").post(
        "/admin/core/columnprofile/", {"action": "retire", "_selected_action": [chosen], "index": "0"}
    )
    assert answer.status_code in (200, 302)


def test_nobody_deletes(cast):
    client = cast.client("administrator")
    with pytest.raises(NoReverseMatch):
        url("user_delete", cast.agent.pk)
    assert client.post(f"/admin/accounts/user/{cast.agent.pk}/delete/", {"post": "yes"}).status_code in (
        302,
        404,
    )
    client.post(
        url("user_changelist"),
        {"action": "delete_selected", "_selected_action": [cast.agent.pk], "post": "yes"},
    )
    assert User.objects.filter(pk=cast.agent.pk).exists()


def test_readers_read_and_cannot_save(cast):
    client = cast.client("auditor")
    assert client.get(url("user_change", cast.agent.pk)).status_code == 200
    assert (
        client.post(url("user_change", cast.agent.pk), user_data(cast.agent, display_name="x")).status_code
        == 403
    )
    assert client.get(url("user_add")).status_code == 403


def test_a_save_goes_through_the_service_with_history_and_event(cast):
    cast.client("administrator").post(url("user_change", cast.agent.pk), user_data(cast.agent, capacity=7))
    changed = User.objects.get(pk=cast.agent.pk)
    assert changed.capacity == 7
    assert changed.version == cast.agent.version + 1
    event = Event.objects.get(kind="user.changed")
    assert (event.actor_id, event.source, event.payload) == (
        cast.administrator.pk,
        "admin",
        {"columns": ["capacity"]},
    )
    assert changed.history.first().history_user_id == cast.administrator.pk


def test_a_stale_form_is_refused_with_both_values_and_keeps_what_was_typed(cast, now):
    stale = user_data(cast.agent, capacity=7)
    services.user_change(user=cast.agent, actor=cast.administrator, now=now, capacity=9)
    answer = cast.client("administrator").post(url("user_change", cast.agent.pk), stale)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'value="7"' in page
    assert User.objects.get(pk=cast.agent.pk).capacity == 9


def test_a_refusal_of_the_service_is_an_error_on_the_form(cast):
    data = user_data(cast.agent, username=cast.lead.username.upper())
    answer = cast.client("administrator").post(url("user_change", cast.agent.pk), data)
    assert answer.status_code == 200
    assert answer.context["errors"]
    assert User.objects.get(pk=cast.agent.pk).username == cast.agent.username


# forged posts


@pytest.mark.parametrize(
    "forged",
    [
        {"is_superuser": "1", "is_staff": "1", "groups": ["1"], "user_permissions": ["1"]},
        {
            "kind": "machine",
            "is_active": "",
            "session_epoch": "99",
            "created_at": "2000-01-01",
            "version": "99",
        },
        {"password": "stolen", "password1": "stolen", "new_password": "stolen"},
        {"_saveasnew": "1", "id": "1", "pk": "1"},
        {"memberships-TOTAL_FORMS": "99999999", "memberships-INITIAL_FORMS": "0"},
        {"roles": ["system"]},
        {"roles": ["superuser", "__all__"]},
    ],
)
def test_forged_fields_change_nothing(cast, forged):
    before = User.objects.filter(pk=cast.agent.pk).values().get()
    client = cast.client("administrator")
    count = User.objects.count()
    answer = client.post(url("user_change", cast.agent.pk), user_data(cast.agent) | forged)
    assert answer.status_code in (200, 302, 400, 403)
    after = User.objects.filter(pk=cast.agent.pk).values().get()
    assert after | {"version": 0} == before | {"version": 0}
    assert User.objects.count() == count


def test_nobody_gives_roles_to_the_own_account_through_the_form(cast):
    admin = cast.administrator
    cast.client(admin).post(
        url("user_change", admin.pk), user_data(admin, roles=["administrator", "finance"])
    )
    assert User.objects.get(pk=admin.pk).roles == ["administrator"]


def test_inlines_take_nothing_that_is_posted(cast):
    team, other = cast.team, cast.make_team("other", members=[cast.person(Role.AGENT)])
    foreign = other.members.get()
    data = {
        "name_zh": "改名", "name_en": team.name_en, "lead": team.lead_id, "duties": team.duties, "vendor": "",
        "members-TOTAL_FORMS": "2", "members-INITIAL_FORMS": "1", "members-MIN_NUM_FORMS": "0",
        "members-MAX_NUM_FORMS": "1000", "members-0-id": foreign.pk, "members-0-team": team.pk,
        "members-0-person": cast.auditor.pk, "members-0-DELETE": "on",
        "members-1-team": team.pk, "members-1-person": cast.auditor.pk, "members-1-active_from": "2026-01-01",
    }  # fmt: skip
    before = list(TeamMember.objects.order_by("pk").values())
    answer = cast.client("operations").post(url("team_change", team.pk), data)
    assert answer.status_code == 302
    assert Team.objects.get(pk=team.pk).name_zh == "改名"
    assert list(TeamMember.objects.order_by("pk").values()) == before


def test_a_list_is_not_editable(cast):
    data = {
        "form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "1", "form-0-id": cast.agent.pk, "form-0-capacity": "1",
        "form-1-username": "new", "_save": "1",
    }  # fmt: skip
    answer = cast.client("administrator").post(url("user_changelist"), data)
    assert answer.status_code in (200, 302)
    assert User.objects.get(pk=cast.agent.pk).capacity == cast.agent.capacity
    assert not User.objects.filter(username="new").exists()


def test_the_admin_needs_the_forms_token_and_stays_out_of_frames(cast):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.administrator)
    answer = strict.post(url("user_change", cast.agent.pk), user_data(cast.agent, capacity=1))
    assert answer.status_code == 403
    assert answer["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


# acts


ACTS = [
    "user_deactivate",
    "user_activate",
    "user_end_sessions",
    "second_factor_reset",
    "sign_in_unlock",
    "user_invite",
]


@pytest.mark.parametrize("act", ACTS)
def test_acts_have_no_effect_by_get_and_need_the_capability(cast, act):
    path = reverse(f"accounts:{act}", args=[cast.agent.pk])
    before = User.objects.filter(pk=cast.agent.pk).values().get()
    assert cast.client("administrator").get(path).status_code == 405
    assert cast.client("lead").post(path).status_code == 403
    assert User.objects.filter(pk=cast.agent.pk).values().get() == before


@pytest.mark.parametrize("act", ACTS)
def test_acts_on_people_outside_ones_scope_find_nobody(cast, vendor, act):
    assert cast.client(vendor).post(reverse(f"accounts:{act}", args=[cast.agent.pk])).status_code == 404


def test_an_invitation_shows_a_link_that_sets_the_password_once(cast):
    person = services.user_create(
        username="new", display_name="新人", roles=[Role.AGENT], actor=cast.administrator, now=cast.now
    )
    page = cast.client("administrator").post(reverse("accounts:user_invite", args=[person.pk]))
    path = "/accounts/" + page.context["link"].split("/accounts/")[1]
    newcomer = Client()
    form = newcomer.get(path)["Location"]
    newcomer.post(form, {"password1": "a-long-new-password", "password2": "a-long-new-password"})
    assert User.objects.get(pk=person.pk).check_password("a-long-new-password")
    assert Client().get(path).context["token_fail"]


# history


def test_history_tells_events_and_versions(cast, now):
    services.user_change(user=cast.agent, actor=cast.administrator, now=now, capacity=9)
    page = cast.client("auditor").get(url("user_history", cast.agent.pk))
    assert page.status_code == 200
    assert cast.administrator.display_name in page.content.decode()
    version = cast.agent.history.first().pk
    assert cast.client("auditor").get(url("user_version", cast.agent.pk, version)).status_code == 200


def test_history_of_a_row_outside_the_scope_is_not_found(cast, vendor):
    version = cast.agent.history.first().pk
    client = cast.client(vendor)
    assert client.get(url("user_history", cast.agent.pk)).status_code == 404
    assert client.get(url("user_version", cast.agent.pk, version)).status_code == 404
    assert client.get(url("user_version", cast.vendor_agent.pk, version)).status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_history_pages_only_read(cast, method):
    version = cast.agent.history.first().pk
    before = User.objects.filter(pk=cast.agent.pk).values().get()
    for path in (url("user_history", cast.agent.pk), url("user_version", cast.agent.pk, version)):
        answer = getattr(cast.client("administrator"), method)(path, user_data(cast.agent, capacity=1))
        assert answer.status_code == 405
    assert User.objects.filter(pk=cast.agent.pk).values().get() == before


@pytest.mark.parametrize(
    "statement", ["UPDATE {0} SET history_type = '-'", "DELETE FROM {0}", "TRUNCATE {0}"]
)
@pytest.mark.parametrize("table", ["accounts_historicaluser", "core_event"])
def test_the_applications_own_role_cannot_rewrite_history(cast, table, statement):
    from django.db import connection

    assert cast.agent.history.exists()
    sql = statement.format(table).replace(
        "history_type = '-'", "history_type = '-'" if "historical" in table else "kind = 'x'"
    )
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def test_a_capped_count_says_that_there_are_more() -> None:
    assert f"{AtLeast(10_000)}" == "10000+"
    assert AtLeast(10_000) + 1 == 10_001
