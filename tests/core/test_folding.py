"""New migrations are folded, so that a first start does not render the models once per table, index and trigger."""

import pytest
from django.apps.registry import Apps
from django.core.management import get_commands
from django.db import connection, models
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    CreateModel,
    RemoveField,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState, StateApps
from django.db.migrations.writer import OperationWriter
from pgtrigger import Delete, Protect
from pgtrigger.migrations import AddTrigger

from aftersales.core.folding import AllAtOnce, folded

KEY = ("id", models.BigAutoField(primary_key=True))
WORD = models.CharField(max_length=9, default="")


def guard(model: str) -> AddTrigger:
    meta = type("Meta", (), {"app_label": "toys", "apps": Apps()})
    made = type(model, (models.Model,), {"__module__": __name__, "Meta": meta})
    return AddTrigger(model.lower(), Protect(name="kept", operation=Delete).compile(made))


def additions() -> list[Operation]:
    """Two tables that point at each other, what belongs to them, and what an old table gets."""
    return [
        CreateModel("First", [KEY]),
        CreateModel("Second", [KEY, ("word", WORD), ("many", models.ManyToManyField("toys.first"))]),
        AddField("first", "link", models.ForeignKey("toys.second", models.PROTECT)),
        AddIndex("first", models.Index(fields=["link", "id"], name="first_link")),
        AddConstraint("second", models.UniqueConstraint(fields=["word"], name="second_once")),
        guard("Second"),
        AddField("old", "link", models.ForeignKey("toys.first", models.PROTECT, null=True)),
        AddIndex("old", models.Index(fields=["link"], name="old_link")),
        guard("Old"),
    ]


def said(operations: list[Operation], backwards: bool = False) -> list[str]:
    """The statements of a migration of these operations on a house that has one old table."""
    states = [ProjectState()]
    CreateModel("Old", [KEY]).state_forwards("toys", states[0])
    for operation in operations:
        states.append(states[-1].clone())
        operation.state_forwards("toys", states[-1])
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        steps = list(zip(operations, states, states[1:], strict=False))
        for operation, before, after in reversed(steps) if backwards else steps:
            if backwards:
                operation.database_backwards("toys", editor, after, before)
            else:
                operation.database_forwards("toys", editor, before, after)
    return list(editor.collected_sql)


def columns(statements: list[str]) -> set[str]:
    """What the statements make, however it is divided among them."""
    text = " ".join(statements)
    names = ("first_link", "second_once", "old_link", '"toys_second_many"', '"link_id"', '"word"')
    return {name for name in names if name in text}


@pytest.mark.django_db
def test_additions_make_the_same_tables_in_one_step() -> None:
    plain, (once,) = said(additions()), folded(additions())
    assert isinstance(once, AllAtOnce)
    together = said([once])
    assert columns(together) == columns(plain)
    assert len(columns(plain)) == 6
    for words in ("CREATE TABLE", "REFERENCES", "CREATE INDEX", "UNIQUE (", "CREATE  TRIGGER"):
        assert " ".join(together).count(words) == " ".join(plain).count(words) > 0, words
    # A new table is written whole; an old one is altered.
    assert not any('ALTER TABLE "toys_first" ADD COLUMN' in one for one in together)
    assert any('ALTER TABLE "toys_old" ADD COLUMN "link_id"' in one for one in together)


@pytest.mark.django_db
def test_what_was_added_at_once_is_taken_away_again() -> None:
    (once,) = folded(additions())
    text = " ".join(said([once], backwards=True))
    for name in ("toys_first", "toys_second", "toys_second_many"):
        assert f'DROP TABLE "{name}"' in text
    assert 'ALTER TABLE "toys_old" DROP COLUMN "link_id"' in text
    assert 'DROP TABLE "toys_old"' not in text


@pytest.mark.django_db
def test_the_models_are_rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[int] = []
    plain = StateApps.render_multiple
    monkeypatch.setattr(
        StateApps, "render_multiple", lambda self, many: rendered.append(len(many)) or plain(self, many)
    )

    def renderings(operations: list[Operation]) -> int:
        rendered.clear()
        said(operations)
        return sum(rendered)

    before = renderings(additions())
    assert renderings(folded(additions())) * 2 < before


def test_changes_and_removals_stay_alone_and_in_their_order() -> None:
    added = additions()
    operations = [*added[:2], AlterField("second", "word", WORD), added[2], RemoveField("second", "word")]
    kinds = [type(one).__name__ for one in folded(operations)]
    assert kinds == ["AllAtOnce", "AlterField", "AddField", "RemoveField"]


def test_it_is_written_with_what_it_holds() -> None:
    text, imports = OperationWriter(folded(additions())[0], indentation=0).serialize()
    assert text.startswith("aftersales.core.folding.AllAtOnce(\n    operations=[")
    assert "import aftersales.core.folding" in imports
    assert "name='First'" in text


def test_our_makemigrations_is_the_one_that_runs() -> None:
    assert get_commands()["makemigrations"] == "aftersales.core"
