"""Folds a new migration: what is only added is made in one step, with the models rendered once.

Django renders all related models anew after each operation, because the next one may ask for them. Nearly every model
points at a person, so a new table, column, index or trigger cost the rendering of a hundred models: four fifths of a
first start. Additions do not need what lies between them.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AddConstraint, AddField, AddIndex, CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from pgtrigger.migrations import AddTrigger

INSIDE = AddField | AddIndex | AddConstraint | AddTrigger  # a table is created with them


class AllAtOnce(Operation):
    """Several additions: the state learns all of them, then the tables are made as the state has them in the end.

    Holds CreateModel, AddField, AddIndex, AddConstraint and AddTrigger. What it adds to a table that it creates itself
    is part of that table from the start; a constraint between two new tables is written when both are there.
    """

    serialization_expand_args = ["operations"]
    reduces_to_sql = True
    reversible = True

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = list(operations)

    def deconstruct(self) -> tuple[str, list[object], dict[str, object]]:
        return type(self).__qualname__, [], {"operations": self.operations}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.is_delayed = True
        state.clear_delayed_apps_cache()
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for operation in self.steps():
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for operation in reversed(list(self.steps())):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def steps(self) -> Iterator[Operation]:
        """The operations that do something in the database."""
        created = {one.name_lower for one in self.operations if isinstance(one, CreateModel)}
        for operation in self.operations:
            if not (
                isinstance(operation, INSIDE) and str(getattr(operation, "model_name", "")).lower() in created
            ):
                yield operation

    def describe(self) -> str:
        return "; ".join(one.describe() for one in self.steps())

    @property
    def migration_name_fragment(self) -> str:
        return self.operations[0].migration_name_fragment


def folded(operations: Sequence[Operation]) -> list[Operation]:
    """The same operations in the same order, each run of additions as one."""
    result: list[Operation] = []
    for added, run in groupby(operations, key=adds):
        several = list(run)
        result += [AllAtOnce(several)] if added and len(several) > 1 else several
    return result


def adds(operation: Operation) -> bool:
    return isinstance(operation, INSIDE | CreateModel)
