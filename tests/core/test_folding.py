"""New migrations are folded, so that a first start does not render the models once per index."""

from django.core.management import get_commands
from django.db import models
from django.db.migrations.operations import AddField, AddIndex, CreateModel

from aftersales.core.folding import folded

KEY = ("id", models.BigAutoField(primary_key=True))


def index(model: str, *fields: str) -> AddIndex:
    return AddIndex(model, models.Index(fields=fields, name=f"{model}_{'_'.join(fields)}"))


def link(model: str, to: str) -> AddField:
    return AddField(model, "link", models.ForeignKey(to, models.PROTECT))


def test_an_index_is_written_into_its_model_across_other_models() -> None:
    operations = [CreateModel("First", [KEY]), CreateModel("Second", [KEY]), index("first", "id")]
    first, second = folded(operations, "toys")
    assert [created.name for created in first.options["indexes"]] == ["first_id"]
    assert second.name == "Second"


def test_a_column_that_points_forward_and_the_index_on_it_stay_where_they_are() -> None:
    operations = [CreateModel("First", [KEY]), CreateModel("Second", [KEY]), link("first", "toys.second")]
    operations += [index("first", "link")]
    assert [type(operation).__name__ for operation in folded(operations, "toys")] == [
        "CreateModel",
        "CreateModel",
        "AddField",
        "AddIndex",
    ]


def test_a_column_that_points_back_or_to_another_room_is_written_into_its_model() -> None:
    operations = [CreateModel("First", [KEY]), CreateModel("Second", [KEY]), link("second", "toys.first")]
    assert [name for name, _ in folded(operations, "toys")[1].fields] == ["id", "link"]
    operations = [CreateModel("First", [KEY]), link("first", "accounts.user")]
    assert len(folded(operations, "toys")) == 1


def test_our_makemigrations_is_the_one_that_runs() -> None:
    assert get_commands()["makemigrations"] == "aftersales.core"
