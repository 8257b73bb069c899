"""The rows of a data set, made by INSERT … SELECT: 5,000 tickets are active, the others lie finished over two years.

People, merchants, customers and orders are the same in every set: only the number of tickets differs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from django.db import connection, models

from accounts.models import Team, TeamMember, User
from accounts.states import Duty, Role
from aftersales.clocks.models import Clock
from aftersales.core.models import Event
from aftersales.customers.models import Customer
from aftersales.merchants.models import Merchant
from aftersales.orders.models import Order
from aftersales.tickets.models import ArchiveRecord, Message, Ticket, TicketText

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # a Monday, 10:00 in Shanghai
ACTIVE = 5_000
AGENTS, TEAMS = 40, 8
MERCHANTS, CUSTOMERS, ORDERS = 12_000, 20_000, 50_000
FREE = 100_000  # keys up to here may be taken by what every set has
DAYS = 730  # over which finished tickets lie
EVENTS, MESSAGES = 200, 60  # of the one long ticket
LONG, SHORT = "TK00-LONG", "TK00-SHORT"


def furnish() -> None:
    """The department; the rule book is there already."""
    people = [_person(f"agent{n:02d}", Role.AGENT) for n in range(AGENTS)]
    lead = _person("lead", Role.LEAD)
    for role in (Role.OPERATIONS, Role.SUPERVISOR, Role.INSPECTOR):
        _person(role.value, role)
    for number in range(TEAMS):
        team = Team(
            code=f"team{number}", name_zh=f"第{number}组", name_en=f"Team {number}", lead=lead,
            duties=Duty.values, created_at=NOW,
        )  # fmt: skip
        team.save()
        for person in people[number::TEAMS]:
            TeamMember(team=team, person=person, active_from=NOW - timedelta(days=400)).save()


def _person(username: str, role: Role) -> User:
    user = User(
        username=username, display_name=f"员工{username}", roles=[role.value], created_at=NOW, capacity=200
    )
    user.set_unusable_password()
    user.save()
    return user


def fill(link: psycopg.Connection[Any], total: int) -> None:
    """All rows of a set. Triggers and foreign keys sleep; the same rows come out each time."""
    link.execute("SET session_replication_role = replica")
    link.execute("SET maintenance_work_mem = '512MB'; SET work_mem = '64MB'; SET timezone = 'UTC'")
    _functions(link)
    with without_indexes(
        link, [Merchant, Customer, Order, Ticket, Clock, Event, ArchiveRecord, TicketText, Message]
    ):
        _trade(link)
        _tickets(link, total)
        _around(link, total)
        _long_and_short(link, total)
    link.execute("VACUUM ANALYZE")
    link.execute("CHECKPOINT")


def _functions(link: psycopg.Connection[Any]) -> None:
    """``h(n, salt, size)``: a number below size, always the same; ``pick(list, n)``: one of a list."""
    link.execute(
        "CREATE FUNCTION pg_temp.h(n bigint, salt int, size int) RETURNS int LANGUAGE sql IMMUTABLE AS "
        "$$ SELECT (abs(hashint8extended(n, salt) % size))::int $$"
    )


@contextmanager
def without_indexes(link: psycopg.Connection[Any], rows: list[type[models.Model]]) -> Iterator[None]:
    """Indexes that guard nothing are made after the rows: quicker, and packed."""
    tables = [model._meta.db_table for model in rows]
    found = link.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i "
        "WHERE i.indrelid::regclass::text = ANY(%s) AND NOT i.indisunique",
        [tables],
    ).fetchall()
    for name, _definition in found:
        link.execute(f"DROP INDEX {name}")
    yield
    for _name, definition in found:
        link.execute(definition)


def insert(link: psycopg.Connection[Any], model: type[models.Model], rows: str, /, **given: str) -> None:
    """``INSERT … SELECT`` with the given SQL per column; the others get the model's default."""
    values: dict[str, str] = {}
    for field in model._meta.concrete_fields:
        if field.generated or field.db_default is not models.NOT_PROVIDED:
            continue
        values[field.column] = given.pop(field.column, "") or _default(field)
    if given:
        raise ValueError(f"{model.__name__} has no columns {sorted(given)}")
    columns = ", ".join(f'"{name}"' for name in values)
    link.execute(
        f"INSERT INTO {model._meta.db_table} ({columns}) SELECT {', '.join(values.values())} FROM {rows}"
    )
    if "id" in values:
        link.execute(
            f"SELECT setval(pg_get_serial_sequence('{model._meta.db_table}', 'id'), "
            f"(SELECT max(id) FROM {model._meta.db_table}))"
        )


def _default(field: Any) -> str:
    if field.null:
        return "NULL"
    if field.column == "public_id":
        return f"substr(md5('{field.model.__name__}' || i), 1, 22)"
    value = field.get_db_prep_save(field.get_default(), connection)
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, list):
        return "'{}'"
    if value is None:
        raise ValueError(f"{field.model.__name__}.{field.name} needs a value")
    if isinstance(field, models.JSONField):
        return "'[]'" if field.get_default() == [] else "'{}'"
    return "'" + str(value).replace("'", "''") + "'"


AT = f"timestamptz '{NOW.isoformat()}'"


def _trade(link: psycopg.Connection[Any]) -> None:
    insert(
        link, Merchant, f"generate_series(1, {MERCHANTS}) i", id="i", code="'M' || i", state="'active'",
        name="(ARRAY['星河数码','晨光家居','远山户外','小满食品','青禾服饰'])[1 + i % 5] || '旗舰店' || i",
    )  # fmt: skip
    insert(
        link, Customer, f"generate_series(1, {CUSTOMERS}) i", id="i", code="'C' || i",
        name="(ARRAY['林','周','陈','何','宋','赵'])[1 + i % 6] || "
        "(ARRAY['芳','婷','立','敏','宁','建国'])[1 + i / 6 % 6]",
        customer_class="CASE WHEN i % 20 = 0 THEN 'key' ELSE 'common' END",
    )  # fmt: skip
    insert(
        link, Order, f"generate_series(1, {ORDERS}) i", id="i", source="'shop'", external_no="'SO' || 20260000000 + i",
        customer_id=f"1 + i % {CUSTOMERS}", merchant_id=f"1 + i % {MERCHANTS}", status="'delivered'",
        placed_at=f"{AT} - interval '20 days' - i * interval '20 minutes'", total="99", paid="99",
    )  # fmt: skip


def _known(link: psycopg.Connection[Any]) -> tuple[int, int]:
    """The first agent and the first team."""
    agent = link.execute("SELECT min(id) FROM accounts_user WHERE username LIKE 'agent%'").fetchone()
    team = link.execute("SELECT min(id) FROM accounts_team").fetchone()
    return int(agent[0]), int(team[0])  # type: ignore[index]


SUBJECT = (
    "(ARRAY['耳机左耳没有声音','包裹三天没有动静','退款还没有到账','收到的杯子破损','尺码发错了','发票抬头写错',"
    "'屏幕有划痕','少发了一件','赠品没有收到','客服没有回复'])[1 + pg_temp.h(i, 1, 10)]"
    " || (ARRAY['，要求换货','，想退货','，请核实','','，很着急'])[1 + pg_temp.h(i, 2, 5)]"
    " || CASE WHEN i % 3 = 0 THEN ' SO' || 20260000000 + i % 50000 ELSE '' END"
)
GRADES = {
    "kind": "(ARRAY['order','logistics','payment','returns','quality','invoice'])[1 + pg_temp.h(i, 3, 6)]",
    "severity": "(ARRAY['minor','minor','minor','major','critical'])[1 + pg_temp.h(i, 4, 5)]",
    "nature": "(ARRAY['operation','operation','operation','complaint','process'])[1 + pg_temp.h(i, 5, 5)]",
    "channel": "(ARRAY['app','web','chat','phone'])[1 + pg_temp.h(i, 6, 4)]",
}


def _tickets(link: psycopg.Connection[Any], total: int) -> None:
    agent, team = _known(link)
    finished = total - ACTIVE
    person = f"{agent} + pg_temp.h(i, 7, {AGENTS})"
    same = {
        "id": "i", "number": "'TK00-' || lpad(i::text, 7, '0')", "source": "'bench'", "subject": SUBJECT, **GRADES,
        "customer_id": f"1 + pg_temp.h(i, 8, {CUSTOMERS})", "order_id": f"1 + pg_temp.h(i, 9, {ORDERS})",
        "merchant_id": f"1 + pg_temp.h(i, 10, {MERCHANTS})", "team_id": f"{team} + pg_temp.h(i, 11, {TEAMS})",
        "last_customer_at": "opened",
    }  # fmt: skip
    closed = f"{AT} - interval '1 day' - ({finished} - i)::float8 / {finished} * interval '{DAYS} days'"
    insert(
        link, Ticket,
        f"(SELECT i, closed, closed - (6 + pg_temp.h(i, 12, 90)) * interval '1 hour' AS opened FROM "
        f"(SELECT i, {closed} AS closed FROM generate_series(1, {finished}) i) a) b",
        **same, state=_ended_state("i", finished), assignee_id=person, owner_id=person, opened_at="opened",
        assigned_at="opened", first_reply_at="opened + pg_temp.h(i, 13, 300) * interval '1 minute'",
        resolved_at="closed - interval '3 hours'", closed_at="closed", closed_how="'confirmed'",
        result="'refunded'", last_staff_at="closed",
    )  # fmt: skip
    insert(
        link, Ticket,
        f"(SELECT i, state, {AT} - (5 + pg_temp.h(i, 14, 14000)) * interval '1 minute' AS opened, "
        f"{AT} + (pg_temp.h(i, 15, 17000) - 1400) * interval '1 minute' AS due FROM (SELECT i, "
        "(ARRAY['new','triaged','assigned','assigned','assigned','assigned','in_progress','in_progress','in_progress',"
        "'in_progress','in_progress','in_progress','in_progress','in_progress','waiting','waiting','waiting',"
        "'resolved','resolved','resolved'])[1 + i % 20] AS state "
        f"FROM generate_series({finished} + 1, {total}) i) a) b",
        **same, state="state", opened_at="opened", wait_for="CASE state WHEN 'waiting' THEN 'customer' ELSE '' END",
        wake_at=f"CASE WHEN state IN ('waiting', 'resolved') THEN {AT} + interval '2 days' END",
        assignee_id=f"CASE WHEN state NOT IN ('new', 'triaged') THEN {person} END",
        next_due_at="CASE WHEN state = 'waiting' THEN timestamptz '9999-12-31' ELSE due END",
        next_promise="'solution_agreed'", next_started_at="opened", next_warn_at="due - interval '1 hour'",
    )  # fmt: skip


def _ended_state(i: str, finished: int) -> str:
    return (
        f"CASE WHEN {i} > {finished} - 200 THEN 'closed' WHEN {i} % 50 = 0 THEN 'cancelled' "
        f"WHEN {i} > {finished} * 0.5 THEN 'archived' ELSE 'sealed' END"
    )


def _version(promise: str) -> str:
    return (
        "(SELECT min(v.id) FROM standards_standardversion v JOIN standards_servicestandard s ON s.id = v.standard_id "
        f"WHERE s.promise = {promise})"
    )


def _around(link: psycopg.Connection[Any], total: int) -> None:
    """Clocks, events, archive records and search texts of all tickets."""
    finished = total - ACTIVE
    ended = f"(SELECT id AS i, t.* FROM {Ticket._meta.db_table} t WHERE id <= {finished}) t"
    active = f"(SELECT id AS i, t.* FROM {Ticket._meta.db_table} t WHERE id > {finished}) t"
    promises = "(ARRAY['first_response','solution_agreed','verification','archive'])[1 + t.id % 4]"
    link.execute(
        "CREATE TEMP TABLE cited AS SELECT promise, min(v.id) AS version FROM standards_standardversion v "
        "JOIN standards_servicestandard s ON s.id = v.standard_id GROUP BY promise"
    )
    same = {
        "subject_kind": "'tickets.ticket'", "subject_id": "t.id", "merchant_id": "t.merchant_id",
        "holder_id": "t.assignee_id", "holder_team_id": "t.team_id", "started_at": "t.opened_at",
        "counted_from": "t.opened_at",
    }  # fmt: skip
    insert(
        link, Clock, f"{ended} LEFT JOIN cited c ON c.promise = {promises}", **same, id="t.id", promise=promises,
        standard_version_id="c.version", state="CASE WHEN t.id % 10 = 0 THEN 'met_late' ELSE 'met' END",
        due_at="CASE WHEN t.id % 10 = 0 THEN t.closed_at - interval '2 hours' ELSE t.closed_at + interval '1 hour' END",
        warn_at="t.closed_at - interval '2 hours'", met_at="t.closed_at", ended_at="t.closed_at",
        breached_at="CASE WHEN t.id % 10 = 0 THEN t.closed_at - interval '2 hours' END",
    )  # fmt: skip
    insert(
        link, Clock, f"{active} JOIN cited c ON c.promise = 'first_response'", **same, id=f"{total} + t.id",
        promise="'first_response'", standard_version_id="c.version", state="'met'",
        due_at="t.opened_at + interval '1 day'", warn_at="t.opened_at + interval '20 hours'",
        met_at="t.opened_at + interval '2 minutes'", ended_at="t.opened_at + interval '2 minutes'",
    )  # fmt: skip
    late = f"t.next_due_at < {AT}"
    insert(
        link, Clock, f"{active} JOIN cited c ON c.promise = 'solution_agreed'", **same, id=f"{2 * total} + t.id",
        promise="'solution_agreed'", standard_version_id="c.version",
        state=f"CASE WHEN t.state = 'waiting' THEN 'paused' WHEN {late} THEN 'breached' ELSE 'running' END",
        due_at="greatest(t.next_warn_at + interval '1 hour', t.opened_at)", warn_at="t.next_warn_at",
        warned_at=f"CASE WHEN t.next_warn_at < {AT} THEN t.next_warn_at END",
        breached_at=f"CASE WHEN {late} THEN t.next_due_at END",
        paused_at="CASE WHEN t.state = 'waiting' THEN t.opened_at END",
        pauses="CASE WHEN t.state = 'waiting' THEN "
        "jsonb_build_array(jsonb_build_array(to_char(t.opened_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"+00:00\"'), null, "
        "'customer')) "
        "ELSE '[]' END",
    )  # fmt: skip
    _events(link, ended, active, total)
    _archive(link, finished)
    texts = {"ticket_id": "i", "audience": "'internal'", "part": "'first'"}
    texts["text"] = f"'TK00-' || lpad(i::text, 7, '0') || chr(10) || {SUBJECT}"
    insert(link, TicketText, f"generate_series(1, {total}) i", id="i", **texts)
    message = {
        "ticket_id": "t.id",
        "author_kind": "'customer'",
        "audience": "'customer'",
        "channel": "t.channel",
    }
    insert(
        link, Message, active, id="t.id", **message, text="t.subject || '，请尽快处理。'", at="t.opened_at",
    )  # fmt: skip


def _events(link: psycopg.Connection[Any], ended: str, active: str, total: int) -> None:
    same = {
        "subject_kind": "'tickets.ticket'", "merchant_id": "t.merchant_id", "actor_id": "t.assignee_id",
        "actor_name": "'员工'", "actor_role": "'agent'", "source": "'web'", "subject_id": "t.id",
    }  # fmt: skip
    insert(link, Event, ended, id=f"{FREE} + t.id", kind="'ticket.archived'", at="t.closed_at", **same)
    insert(
        link, Event, active, id=f"{FREE} + {total} + t.id", kind="'ticket.opened'", at="t.opened_at", **same
    )


def _archive(link: psycopg.Connection[Any], finished: int) -> None:
    reviewer = "(SELECT id FROM accounts_user WHERE username = 'lead')"
    insert(
        link, ArchiveRecord,
        f"(SELECT id AS i, t.* FROM {Ticket._meta.db_table} t WHERE state IN ('archived', 'sealed')) t",
        id="t.id", ticket_id="t.id", number="'DA00-' || lpad(t.id::text, 7, '0')", kind="t.kind",
        severity="t.severity", nature="t.nature", channel="t.channel", result="t.result",
        customer_id="t.customer_id", merchant_id="t.merchant_id", opened_at="t.opened_at",
        completed_at="t.closed_at", archived_at="t.closed_at + interval '20 hours'", reviewed_by_id=reviewer,
        summary="'已退款，客户确认。'", seal_after="t.closed_at + interval '200 days'",
        sealed_at="CASE WHEN t.state = 'sealed' THEN t.closed_at + interval '200 days' END",
        keep_until="(t.closed_at + interval '1100 days')::date",
    )  # fmt: skip


def _long_and_short(link: psycopg.Connection[Any], total: int) -> None:
    """Two tickets alike but for their history: 200 events and 60 messages, or 2 and 1."""
    tickets = Ticket._meta.db_table
    found = link.execute(
        f"SELECT id FROM {tickets} WHERE state = 'in_progress' AND id > {total - ACTIVE} ORDER BY id LIMIT 2"
    ).fetchall()
    (long_id,), (short_id,) = found
    for pk, number in ((long_id, LONG), (short_id, SHORT)):
        link.execute(f"UPDATE {tickets} SET number = %s WHERE id = %s", [number, pk])
    event = f"(SELECT t.*, i FROM {tickets} t, generate_series(1, %s) i WHERE t.id = {{}}) t"
    for pk, number, start in (
        (long_id, EVENTS - 1, FREE + 3 * total),
        (short_id, 1, FREE + 3 * total + 1000),
    ):
        insert(
            link, Event, event.format(pk) % number, id=f"{start} + i", kind="'ticket.started'",
            at="t.opened_at + i * interval '1 minute'", subject_kind="'tickets.ticket'", subject_id="t.id",
            actor_id="t.assignee_id", actor_name="'员工'", source="'web'",
        )  # fmt: skip
    insert(
        link, Message, event.format(long_id) % (MESSAGES - 1), id=f"{3 * total} + i", ticket_id="t.id",
        author_kind="CASE i % 2 WHEN 0 THEN 'staff' ELSE 'customer' END", audience="'customer'", channel="'web'",
        author_id="CASE i % 2 WHEN 0 THEN t.assignee_id END", text="'第' || i || '条：请问什么时候能收到退款？'",
        at="t.opened_at + i * interval '1 minute'",
    )  # fmt: skip
