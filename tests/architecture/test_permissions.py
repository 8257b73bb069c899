"""Every address × every role, every register × every role. Whatever is new must be written into the table first."""

import contextlib
import copy
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.client import ClientHandler
from django.urls import URLPattern, get_resolver, reverse
from django.utils.translation import gettext

from accounts import capabilities
from accounts.middleware import SEEN_AT, SIGNED_IN_AT
from accounts.models import User
from accounts.states import MERCHANT_ROLES, STAFF_ROLES, Role
from aftersales.core.admin import RoomAdmin, RoomInline
from tests.architecture.permissions import PAGES, REGISTERS
from tests.architecture.rows import ANYBODY, SIGNED_IN, Page
from tests.cast import Cast

PEOPLE_ROLES = [role for role in Role if role not in (Role.SYSTEM, Role.CUSTOMER)]
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
REGISTER_PAGES = ("changelist", "add", "history", "change", "version")
# After these the next one finds everything as it was; what is set for a transaction counts as a change.
LOOKS = re.compile(r"\s*(?:SELECT\b(?!.*\bset_config\b)|SAVEPOINT\b|RELEASE\b)", re.DOTALL | re.IGNORECASE)


@pytest.fixture(scope="module")
def everybody(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Cast, dict[Role, Client]]]:
    """One person of each role, signed in once; what a page does to them is rolled back."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        for status in (403, 404):  # refused nine thousand times, and how it looks is asked elsewhere
            patch.setattr(f"aftersales.urls.handler{status}", bare(status), raising=False)
        people = Cast(NOW)
        browsers = {role: seen(people.client(role)) for role in PEOPLE_ROLES}
        for one in MERCHANT_ROLES:
            people.of_a_shop(one)
        patch.setattr(SessionStore, "load", remembering([one.session for one in browsers.values()]))
        yield people, browsers
        transaction.set_rollback(True)


def bare(status: int) -> Callable[..., HttpResponse]:
    def answer(request: HttpRequest, exception: Exception) -> HttpResponse:
        return HttpResponse(status=status)

    return answer


def seen(client: Client) -> Client:
    """Its session needs no note of having been used, which each rolled back request would make again."""
    session = client.session
    session[SIGNED_IN_AT] = session[SEEN_AT] = time.time() + 3600
    session.save()
    return client


def remembering(sessions: list[Any]) -> Callable[[Any], dict[str, Any]]:
    """What is in these sessions is read once and not by each of their thousands of requests."""
    load, known = SessionStore.load, {one.session_key: one.load() for one in sessions}

    def loaded(store: Any) -> dict[str, Any]:
        return copy.deepcopy(known[store.session_key]) if store.session_key in known else load(store)

    return loaded


class Undone:
    """What a request did to the database is taken back after it; one that only looked did nothing."""

    def __init__(self) -> None:
        self.changed = False

    def __enter__(self) -> "Undone":
        self.point = transaction.savepoint()
        self.watch = connection.execute_wrapper(self.seen)
        self.watch.__enter__()
        return self

    def seen(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        try:
            answer = execute(sql, params, many, context)
        except Exception:
            self.changed = True
            raise
        self.changed = self.changed or not LOOKS.match(str(sql))
        return answer

    def undo(self) -> None:
        if self.changed or connection.needs_rollback:
            connection.needs_rollback = False
            transaction.savepoint_rollback(self.point)
        self.changed = False

    def __exit__(self, *_: object) -> None:
        self.changed = True
        self.undo()
        self.watch.__exit__(None, None, None)


@pytest.fixture
def cast(everybody: tuple[Cast, dict[Role, Client]], db: None, now: datetime) -> Cast:
    """The same people; what a test makes beside them ends with it."""
    mine = Cast(now)
    mine._people = dict(everybody[0]._people)
    return mine


@pytest.fixture(scope="module")
def handler() -> ClientHandler:
    """Of all browsers: making the middleware anew takes as long as many a page."""
    return Client().handler


@pytest.fixture
def browser(everybody: tuple[Cast, dict[Role, Client]], handler: ClientHandler, db: None) -> Any:
    """A browser in which somebody of this role is signed in; None: a guest."""

    def opened(role: Role | None) -> Client:
        client = Client()
        client.handler = handler
        if role is not None:
            client.cookies.load(everybody[1][role].cookies.output(header="", sep=";"))
        return client

    return opened


def names(resolver: Any = None, spaces: tuple[str, ...] = ()) -> Iterator[str]:
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLPattern):
            yield ":".join((*spaces, pattern.name or f"<{pattern.pattern}>"))
        else:
            yield from names(pattern, (*spaces, pattern.namespace) if pattern.namespace else spaces)


def register_names() -> set[str]:
    return {
        f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
        for model in admin.site._registry
        for page in REGISTER_PAGES
    }


UNNAMED = {"admin:<<path:object_id>/>", "admin:<(?P<url>.*)$>"}  # Django's own redirects to the named pages


def test_every_address_has_a_row():
    missing = set(names()) - set(PAGES) - register_names() - UNNAMED
    assert not missing, f"write into tests/architecture/permissions.py who may open: {sorted(missing)}"


def test_every_row_has_an_address():
    assert not set(PAGES) - set(names())


def test_every_register_has_a_row():
    registered = {model._meta.label_lower for model in admin.site._registry}
    assert registered == set(REGISTERS), sorted(registered ^ set(REGISTERS))


def allowed(page: Page, role: Role | None) -> bool:
    if page.who == ANYBODY:
        return True
    if role is None:
        return page.guests
    return page.who == SIGNED_IN or role in page.who


def ask(client: Client, page: Page, path: str) -> Any:
    return client.post(path) if page.method == "POST" else client.get(path)


def answers(browser: Any, page: Page, path: str) -> Iterator[tuple[Role | None, Any]]:
    """What a guest and each role are answered; what one of them does is taken back before the next one comes."""
    with Undone() as after:
        for role in [None, *PEOPLE_ROLES]:
            answer = ask(browser(role), page, path)
            after.undo()
            yield role, answer


def let_in(answer: Any) -> bool:
    """Not sent to the sign-in page, not refused, not hidden."""
    if answer.status_code in (403, 404):
        return False
    target = answer.headers.get("Location", "")
    return not target.startswith(("/accounts/login/", "/admin/login/"))


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(PAGES))
def test_addresses_open_to_whom_the_table_says(name, cast, browser):
    page = PAGES[name]
    cache.clear()
    wrong = []
    # Made once: what one role does to it is rolled back before the next one comes.
    kwargs = page.args(cast) if page.args else {key: value for key, value in page.sample.items() if key}
    path = reverse(name, kwargs=kwargs)
    for role, answer in answers(browser, page, path):
        inside, may = let_in(answer), allowed(page, role)
        if page.who == ANYBODY or (role is None and page.guests):
            asks_for_a_signature = name == "channels:hook" and answer.status_code == 401
            inside = answer.status_code < 500 and answer.status_code not in (401, 403) or asks_for_a_signature
        elif may and page.sample and answer.status_code == 404:
            inside = True
        if inside != may or answer.status_code >= 500:
            wrong.append((role, answer.status_code, answer.headers.get("Location")))
    assert not wrong


@pytest.mark.django_db
def test_whatever_a_role_did_is_taken_back_before_the_next_one_comes(cast):
    person = User.objects.filter(pk=cast.agent.pk)
    with Undone() as after, connection.cursor() as cursor:
        assert person.exists()
        assert not after.changed, "looking changes nothing"
        person.update(display_name="Mallory")
        after.undo()
        assert person.get().display_name == cast.agent.display_name
        for spoils in ("SELECT set_config('aftersales.move', 'open', true)", "SELECT 1 / 0"):
            with contextlib.suppress(DatabaseError):
                cursor.execute(spoils)
            after.undo()
            cursor.execute("SELECT current_setting('aftersales.move', true)")
            assert cursor.fetchone()[0] in (None, "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/admin/core/job/", 403, "Your role does not open this page."),
        ("/nowhere/", 404, "This page does not exist, or not for you."),
    ],
)
def test_who_is_refused_reads_why_and_finds_the_way_back(path, status, says, monkeypatch, browser):
    for one in (403, 404):
        monkeypatch.delattr(f"aftersales.urls.handler{one}")
    answer = browser(Role.RETURNS_RECEIVER).get(path)
    page = answer.content.decode()
    assert answer.status_code == status
    assert gettext(says) in page
    assert 'href="/"' in page


@pytest.mark.django_db
@pytest.mark.parametrize("label", sorted(REGISTERS))
def test_registers_open_to_whom_the_table_says(label, cast):
    row = REGISTERS[label]
    model = next(model for model in admin.site._registry if model._meta.label_lower == label)
    room = admin.site._registry[model]
    wrong = []
    for role in PEOPLE_ROLES:
        request = RequestFactory().get("/admin/")
        request.user = User(pk=1, username=role, roles=[role])
        asked = {
            "view": (room.has_view_permission(request), row.view),
            "change": (room.has_change_permission(request), row.change),
            "add": (room.has_add_permission(request), row.add),
            "delete": (room.has_delete_permission(request), ()),
        }
        wrong += [(role, verb) for verb, (may, table) in asked.items() if may != (role in set(table))]
    assert not wrong


@pytest.mark.django_db
@pytest.mark.parametrize("label", sorted(REGISTERS))
def test_the_list_of_a_register_answers_like_its_rights(label, browser):
    cache.clear()
    path = reverse(f"admin:{label.replace('.', '_')}_changelist")
    readers = set(REGISTERS[label].view)
    inside = next((role for role in PEOPLE_ROLES if role in readers), None)
    outside = next((role for role in STAFF_ROLES if role not in readers), None)
    if inside is not None:
        assert browser(inside).get(path).status_code == 200
    if outside is not None:
        assert browser(outside).get(path).status_code == 403
    assert not let_in(Client().get(path))
    assert not let_in(browser(Role.MERCHANT_OWNER).get(path))


def test_every_register_is_built_on_the_rooms_base():
    """So that scope, filters, saving and history are the same everywhere, and nothing runs by a link."""
    for model, room in admin.site._registry.items():
        assert isinstance(room, RoomAdmin), model
        assert not room.list_editable, model
        assert not room.raw_id_fields, model
        assert not room.save_as, model
        for inline in room.inlines:
            assert issubclass(inline, RoomInline), (model, inline)


def test_every_model_of_a_register_says_who_sees_its_rows():
    for model in admin.site._registry:
        assert hasattr(model._default_manager.all(), "visible_to"), model


def test_nothing_may_be_deleted_by_anybody():
    assert not [code for code in capabilities.TABLE if ".delete_" in code]


def test_every_capability_is_held_by_known_roles_of_people():
    for code, holders in capabilities.TABLE.items():
        assert holders <= set(PEOPLE_ROLES), code


def test_the_auditor_changes_nothing():
    changing = {code for code in capabilities.codes([Role.AUDITOR]) if ".add_" in code or ".change_" in code}
    assert not changing


@pytest.mark.django_db
def test_rights_are_answered_without_a_query(django_assert_num_queries):
    user = User(pk=1, username="x", roles=["agent", "lead"])
    with django_assert_num_queries(0):
        assert user.has_perm("accounts.view_team")
        assert not user.has_perm("accounts.set_roles")
        assert not user.has_perm("no.such_code")
        assert user.has_module_perms("accounts")


def test_nobody_without_role_or_activity_may_anything():
    assert not User(pk=1, username="x", roles=[]).has_perm("accounts.view_team")
    assert not User(pk=1, username="x", roles=["administrator"], is_active=False).has_perm(
        "accounts.set_roles"
    )
