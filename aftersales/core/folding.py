"""Folds a new migration: what belongs to a model's creation is written into it.

Django writes each index, constraint and late column as an operation of its own and renders all related models
after each one; that was half the time of a first start. Its optimizer cannot join them across other models.
"""

from collections.abc import Sequence

from django.db.migrations.operations import AddConstraint, AddField, AddIndex, CreateModel
from django.db.migrations.operations.base import Operation
from django.db.models import ForeignKey


def folded(operations: Sequence[Operation], app_label: str) -> list[Operation]:
    """The same operations, each inside the CreateModel of its model where nothing it needs comes later."""
    result: list[Operation] = []
    made: dict[str, int] = {}
    incomplete: set[str] = set()
    for operation in operations:
        model = getattr(operation, "model_name", "").lower()
        place = made.get(model, -1)
        if place >= 0 and foldable(operation, app_label, made, place, model in incomplete):
            creation = result[place]
            joined = creation.reduce(operation, app_label)
            assert isinstance(joined, list)
            result[place] = joined[0]
            continue
        if isinstance(operation, CreateModel):
            made[operation.name_lower] = len(result)
        elif isinstance(operation, AddField):
            incomplete.add(model)
        result.append(operation)
    return result


def foldable(
    operation: Operation, app_label: str, made: dict[str, int], place: int, incomplete: bool
) -> bool:
    """Indexes and constraints once all columns are there; a column once the table it points at is there."""
    if isinstance(operation, AddIndex | AddConstraint):
        return not incomplete
    return isinstance(operation, AddField) and points_back(operation, app_label, made, place)


def points_back(operation: AddField, app_label: str, made: dict[str, int], place: int) -> bool:
    if not isinstance(operation.field, ForeignKey):
        return not operation.field.is_relation
    target = str(operation.field.deconstruct()[3]["to"]).lower()
    label, _, name = target.rpartition(".")
    # Models of other apps exist already: the migration depends on theirs.
    return label != app_label or made.get(name, place + 1) <= place
