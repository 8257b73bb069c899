"""A chain of hashes over the committed transfers: a changed, added or removed row is named, a new chain is found."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from threading import Event, Thread, Timer
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction

from aftersales.ledger import chart, sealed, services, tasks
from aftersales.ledger.chart import Line
from aftersales.ledger.models import Anchor, Journal, Seal, Transfer
from aftersales.ledger.services import sealing
from tests.database import superuser

pytestmark = pytest.mark.django_db
forged = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "RUN", 3)
    monkeypatch.setattr(sealed, "AT_ONCE", 2)


@pytest.fixture
def entries(post: Any, funded: int) -> list[Journal]:
    lines = [Line(chart.deposit(funded), chart.PROTECTION, Decimal(number)) for number in range(1, 8)]
    return [post(one, kind="penalty").journal for one in lines]


@pytest.fixture
def owner() -> Iterator[Any]:
    """Whoever owns the database and gets past triggers and rights."""
    with superuser(connection.settings_dict["NAME"]) as admin:
        admin.execute("SET session_replication_role = replica")
        yield admin


def seal(cast: Any, now: Any) -> int:
    return services.journal_seal(actor=cast.system, now=now)


def found() -> list[str]:
    return [f"{one.row}: {one.detail}" for one in sealed.broken()]


def test_what_was_posted_is_sealed_once_in_runs(entries: Any, cast: Any, now: Any) -> None:
    assert seal(cast, now) == 8
    assert list(Seal.objects.order_by("pk").values_list("transfers", flat=True)) == [3, 3, 2]
    assert seal(cast, now) == 0
    assert found() == []


def test_the_chain_goes_on_where_it_ended(entries: Any, post: Any, funded: int, cast: Any, now: Any) -> None:
    seal(cast, now)
    post(Line(chart.deposit(funded), chart.PROTECTION, Decimal(9)), kind="penalty")
    assert seal(cast, now) == 1
    *_, before, last = Seal.objects.order_by("pk")
    assert (last.previous, last.after_id) == (before.digest, before.last_id)
    assert found() == []


@forged
@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE ledger_transfer SET amount = amount + 1 WHERE id = {id}",
        "UPDATE ledger_transfer SET booked_at = booked_at - interval '1 second' WHERE id = {id}",
        "UPDATE ledger_journal SET actor_name = 'somebody else' WHERE id = {entry}",
        "UPDATE ledger_journal SET source_id = 999 WHERE id = {entry}",
        "UPDATE ledger_journal SET rule_version = 'another' WHERE id = {entry}",
    ],
)
def test_a_changed_row_is_named(entries: Any, cast: Any, now: Any, owner: Any, forgery: str) -> None:
    seal(cast, now)
    row = Transfer.objects.get(journal_id=entries[3].pk)
    owner.execute(forgery.format(id=row.pk, entry=row.journal_id))
    assert found()[0].startswith(f"transfer {row.pk}: was changed")


@forged
def test_a_removed_row_is_missed(entries: Any, cast: Any, now: Any, owner: Any) -> None:
    seal(cast, now)
    owner.execute("DELETE FROM ledger_transfer WHERE journal_id = %s", [entries[0].pk])
    first = Seal.objects.order_by("pk")[0]
    assert found() == [f"seal {first.pk}: covers 3 transfers, 2 are left"]


@forged
def test_a_forger_who_mends_leaf_and_hash_breaks_the_next_seal(
    entries: Any, cast: Any, now: Any, owner: Any
) -> None:
    seal(cast, now)
    first = Seal.objects.order_by("pk")[0]
    owner.execute("UPDATE ledger_seal SET digest = repeat('0', 64) WHERE id = %s", [first.pk])
    assert found() == [
        f"seal {first.pk}: its hash is not that of its rows",
        f"seal {first.pk + 1}: does not follow the seal before it",
    ]


@forged
def test_a_chain_made_anew_is_found_by_the_line_kept_elsewhere(
    entries: Any, cast: Any, now: Any, owner: Any
) -> None:
    seal(cast, now)
    kept = services.anchor_keep(actor=cast.system, now=now)
    assert kept is not None
    assert verify(kept=[kept.digest]).startswith("CNY:")
    row = Transfer.objects.get(journal_id=entries[0].pk)
    owner.execute("UPDATE ledger_journal SET actor_name = 'nobody' WHERE id = %s", [row.journal_id])
    owner.execute("DELETE FROM ledger_seal")
    seal(cast, now)
    assert found() == [f"anchor {kept.day:%Y-%m-%d}: its seal is gone"]
    owner.execute("DELETE FROM ledger_anchor")
    assert found() == []
    with pytest.raises(CommandError, match="made anew"):
        verify(kept=[kept.digest])


def verify(**options: Any) -> str:
    out, err = StringIO(), StringIO()
    call_command("verify_ledger", stdout=out, stderr=err, **options)
    return out.getvalue()


@forged
def test_verify_ledger_says_how_far_it_is_sealed_and_stops_at_the_row(
    entries: Any, cast: Any, now: Any, owner: Any
) -> None:
    seal(cast, now)
    last = Seal.objects.order_by("pk").last()
    assert last is not None
    assert f"Sealed up to transfer {last.last_id}: {last.digest}" in verify()
    owner.execute("UPDATE ledger_journal SET actor_name = 'x' WHERE id = %s", [entries[2].pk])
    err = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_ledger", stdout=StringIO(), stderr=err)
    row = Transfer.objects.get(journal_id=entries[2].pk)
    assert f"transfer {row.pk}" in err.getvalue()


def test_the_day_leaves_one_line(entries: Any, cast: Any, now: Any) -> None:
    assert services.anchor_keep(actor=cast.system, now=now) is None, "nothing is sealed yet"
    seal(cast, now)
    first = services.anchor_keep(actor=cast.system, now=now)
    assert first is not None
    assert (first.day, first.transfers) == ((now - timedelta(days=1)).date(), 8)
    assert services.anchor_keep(actor=cast.system, now=now) == first
    assert Anchor.objects.count() == 1
    assert first.line == f"{first.day} 8 {first.digest}"


def test_the_sweep_seals_and_anchors(entries: Any) -> None:
    assert tasks.seal() == 8
    assert Anchor.objects.count() == 1
    assert tasks.seal() == 0


def test_nobody_changes_a_seal(entries: Any, cast: Any, now: Any) -> None:
    seal(cast, now)
    with pytest.raises(ProgrammingError), transaction.atomic():
        Seal.objects.update(digest="x")


@forged
@pytest.mark.parametrize("locked", [True, False])
def test_a_row_that_commits_late_is_never_passed_by(
    post: Any, cast: Any, now: Any, locked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has drawn a key and commits after the next one is there: the sealer waits for him. Without its lock it
    would not, and the row that comes late would look like a forged one."""
    if not locked:
        monkeypatch.setattr(sealing, "WRITING", 1)
    post(Line(chart.CASH, chart.PROTECTION, Decimal(1)), kind="ruling")
    drawn, go = Event(), Event()

    def slow() -> None:
        with transaction.atomic():
            post(Line(chart.CASH, chart.deposit(5), Decimal(2)), kind="deposit")
            drawn.set()
            go.wait(5)
        connection.close()

    writer = Thread(target=slow)
    writer.start()
    assert drawn.wait(10)
    post(Line(chart.COST, chart.PROTECTION, Decimal(3)), kind="ruling")
    if locked:
        Timer(0.3, go.set).start()
    sealed_now = seal(cast, now)
    go.set()
    writer.join()
    assert sealed_now == (3 if locked else 2)
    assert bool(found()) is not locked
