"""A merchant's pages read as a role that sees one merchant's rows, and that role never outlives its block."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from celery import shared_task
from django.apps import apps
from django.db import DatabaseError, ProgrammingError, connection, transaction

from accounts.models import User
from aftersales.core import rowpolicies
from aftersales.core.merchantscope import as_application, as_merchant, inside, merchant_role
from aftersales.merchants.models import Merchant
from aftersales.tickets.models import Ticket, TicketParty
from aftersales.tickets.services import ticket_open
from aftersales.tickets.services.intake import TicketDraft
from tests import records

pytestmark = pytest.mark.django_db


def acting() -> tuple[str, str]:
    """The role of the database now, and for which merchant."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user::text, current_setting('aftersales.merchant', true)")
        role, merchant = cursor.fetchone()
    return role, merchant or ""


OUTSIDE = ("aftersales_app", "")


@pytest.fixture
def shops(cast: Any, now: datetime) -> dict[str, Any]:
    """Three shops: a ticket of the first, one of the second in which the first is a party too, one of nobody."""
    made: dict[str, Any] = {key: records.merchant(f"M-{key}", now) for key in "abc"}
    for key, shop in {"of_a": made["a"], "of_b": made["b"]}.items():
        draft = TicketDraft("test", key, "退货", "要退货", "phone", now, merchant_id=shop.pk)
        made[key] = ticket_open(draft=draft, actor=cast.agent, now=now)
    TicketParty.objects.get_or_create(ticket=made["of_b"], merchant=made["a"])
    return made


def test_only_what_concerns_the_merchant_is_there(shops: Any) -> None:
    seen = {}
    for key in "abc":
        with as_merchant(shops[key].pk):
            seen[key] = (set(Ticket.objects.values_list("pk", flat=True)), Merchant.objects.get().code)
    both = {shops["of_a"].pk, shops["of_b"].pk}
    assert seen == {"a": (both, "M-a"), "b": ({shops["of_b"].pk}, "M-b"), "c": (set(), "M-c")}
    assert Ticket.objects.count() == 2
    assert acting() == OUTSIDE


def test_without_a_merchant_there_is_no_row(shops: Any) -> None:
    counts = {}
    with transaction.atomic(), connection.cursor() as cursor:
        for setting in ("", "0", str(shops["a"].pk)):
            cursor.execute(
                "SELECT set_config('role', %s, true), set_config('aftersales.merchant', %s, true)",
                [merchant_role(), setting],
            )
            counts[setting] = (Ticket.objects.count(), Merchant.objects.count())
        cursor.execute("SELECT set_config('role', 'none', true), set_config('aftersales.merchant', '', true)")
    assert list(counts.values()) == [(0, 0), (0, 0), (2, 1)]


def test_nothing_is_written_and_nothing_closed_is_read(shops: Any) -> None:
    for statement in (
        "UPDATE tickets_ticket SET subject = 'x'",
        "DELETE FROM tickets_ticketparty",
        "INSERT INTO merchants_depositcall (amount) VALUES (1)",
        "SELECT value FROM customers_contact",
        "SELECT password FROM accounts_user",
        "SELECT session_data FROM django_session",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), as_merchant(shops["a"].pk):
            connection.cursor().execute(statement)
        assert acting() == OUTSIDE


def test_a_hidden_column_is_empty_and_another_merchants_person_is_not_there(
    cast: Any, shops: Any, now: datetime
) -> None:
    mine, other = cast.of_a_shop("merchant_owner", shops["a"]), cast.of_a_shop("merchant_clerk", shops["b"])
    with as_merchant(shops["a"].pk):
        row = User.objects.get(pk=mine.pk)
        assert (row.display_name, row.password, row.email) == (mine.display_name, None, "")
        assert not User.objects.filter(pk=other.pk).exists()
        assert User.objects.filter(pk=cast.agent.pk).exists()
    assert User.objects.get(pk=mine.pk).password


def test_the_role_ends_with_its_block_also_in_nested_transactions(shops: Any) -> None:
    """A role taken inside a savepoint outlives the savepoint's release: it is given back by hand."""
    me = shops["a"].pk
    with transaction.atomic():
        with as_merchant(me):
            with transaction.atomic():
                assert acting() == (merchant_role(), str(me))
                with as_merchant(me):
                    assert inside() == me
            assert acting() == (merchant_role(), str(me)), "the inner block was the same merchant's"
            with pytest.raises(RuntimeError, match="One merchant's rows"), as_merchant(shops["b"].pk):
                pass  # pragma: no cover
            assert acting() == (merchant_role(), str(me))
        assert (acting(), inside()) == (OUTSIDE, None)


def test_the_role_ends_when_something_fails_inside(shops: Any) -> None:
    me = shops["a"].pk
    with pytest.raises(ZeroDivisionError), as_merchant(me):
        1 / 0  # noqa: B018
    assert (acting(), inside()) == (OUTSIDE, None)
    with pytest.raises(DatabaseError), as_merchant(me):
        connection.cursor().execute("SELECT 1/0")
    assert (acting(), inside()) == (OUTSIDE, None)
    with as_merchant(me):
        with pytest.raises(DatabaseError), transaction.atomic():
            connection.cursor().execute("SELECT 1/0")
        assert acting() == (merchant_role(), str(me))
    with as_merchant(me):
        transaction.set_rollback(True)
    assert (acting(), inside()) == (OUTSIDE, None)


def test_what_no_merchant_may_read_is_asked_as_the_application_for_a_moment(shops: Any) -> None:
    me = shops["c"].pk
    with as_merchant(me):
        with as_application("how many there are in all"):
            assert (acting(), inside(), Ticket.objects.count()) == (OUTSIDE, None, 2)
        assert (acting(), Ticket.objects.count()) == ((merchant_role(), str(me)), 0)
        with pytest.raises(DatabaseError), as_application("it fails"):
            connection.cursor().execute("SELECT 1/0")
        assert (acting(), inside()) == ((merchant_role(), str(me)), me)
    assert acting() == OUTSIDE


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_is_used_again_is_the_applications(cast: Any, now: datetime) -> None:
    """Without a transaction around it: what a pool in transaction mode hands to the next request."""
    shop = records.merchant("M-a", now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        before = cursor.fetchone()
    with as_merchant(shop.pk):
        assert acting() == (merchant_role(), str(shop.pk))
    assert acting() == OUTSIDE
    with pytest.raises(ZeroDivisionError), as_merchant(shop.pk):
        1 / 0  # noqa: B018
    assert acting() == OUTSIDE
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone() == before


@shared_task
def read_as(merchant: int, fail: bool) -> int:
    with as_merchant(merchant):
        count = Ticket.objects.count()
        if fail:
            raise ValueError(count)
    return count


@pytest.fixture
def worker(settings: Any) -> Iterator[None]:
    from aftersales.celery import app

    eager = app.conf.task_always_eager
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = eager


def test_a_worker_goes_on_as_the_application(shops: Any, worker: None) -> None:
    assert read_as.delay(shops["a"].pk, False).get() == 2
    assert acting() == OUTSIDE
    with pytest.raises(ValueError, match="1"):
        read_as.delay(shops["b"].pk, True)
    assert (acting(), Ticket.objects.count()) == (OUTSIDE, 2)


def test_every_table_that_merchants_read_has_a_policy_or_a_reason() -> None:
    """Asked of the database: what may be read is exactly what is declared, and row-level security is on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname::text, c.relrowsecurity, EXISTS(SELECT FROM pg_policy p WHERE p.polrelid = c.oid "
            "AND %s::regrole = ANY(p.polroles)), has_table_privilege(%s, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') "
            "OR has_any_column_privilege(%s, c.oid, 'INSERT, UPDATE, REFERENCES') FROM pg_class c "
            "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') "
            "AND has_any_column_privilege(%s, c.oid, 'SELECT')",
            [merchant_role()] * 4,
        )
        found = {table: (on and policy, writes) for table, on, policy, writes in cursor.fetchall()}
    told = {model._meta.db_table: one for model, one in rowpolicies.declared().items()}
    assert set(found) == set(told)
    assert not [table for table, (_, writes) in found.items() if writes]
    for table, one in told.items():
        assert found[table][0] or len(one.why) > 20, f"{table}: no policy and no reason"


NOT_MERCHANTS = {
    # Rows with a merchant's key that no page of his shows, and why.
    "cases.authoritycase": "letters of authorities name who complained; what is asked of him is asked in a message",
    "improvement.sign": "what may be gaming is judged by people of the department",
    "improvement.warning": "what is asked of him is asked in a message",
    "merchants.talk": "the department's own notes of what was talked about",
    "tickets.archiverecord": "the department's own archive",
    "tickets.intakeitem": "signals from which the department makes tickets",
}


def test_every_row_with_a_merchants_key_is_declared_or_closed_for_a_reason() -> None:
    keyed = {
        model._meta.label_lower
        for model in apps.get_models()
        if any(field.attname == "merchant_id" for field in model._meta.concrete_fields)
        and not model.__name__.startswith("Historical")
        and not model._meta.app_label.startswith("toy")
    }
    told = {model._meta.label_lower for model in rowpolicies.declared()}
    assert keyed - told == set(NOT_MERCHANTS)


def test_the_application_plans_as_if_there_were_no_policies(shops: Any) -> None:
    asked = Ticket.objects.filter(parties__merchant=shops["a"].pk, subject__contains="x").order_by("-pk")
    plan = asked.explain()
    assert "current_setting" not in plan
    assert "whole" not in plan
    with as_merchant(shops["a"].pk):
        assert "current_setting" in asked.explain()
