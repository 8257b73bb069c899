"""Parts of statements that PostgreSQL reads the same each time, compiled once in the life of a process.

Composing a page's subqueries anew for each request took longer than their answers. What stands here is the ORM's own
text: nothing is written twice, only the composing is spared.
"""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.expressions import RawSQL


def written_out(model: type[models.Model], part: Any) -> RawSQL:
    """A subquery as an annotation on rows of ``model``, composed already.

    Keep the answer (``functools.cache``): making it costs as much as it spares. It names the table by its own name,
    so it belongs on a plain queryset of that model, not on one that is a subquery of the same table.
    """
    query = model._default_manager.order_by().annotate(part=part).query
    compiler = query.get_compiler(DEFAULT_DB_ALIAS)
    compiler.setup_query()
    found = query.annotations["part"]
    text, values = compiler.compile(found)
    return RawSQL(text, tuple(values), output_field=found.output_field)  # type: ignore[no-untyped-call]  # noqa: S611 - the ORM wrote it


def with_value(part: RawSQL, stand_in: object, value: object) -> RawSQL:
    """The same part with this value where the stand-in was given when it was composed."""
    values = tuple(value if one == stand_in else one for one in part.params)
    return RawSQL(part.sql, values, output_field=part.output_field)  # type: ignore[no-untyped-call]  # noqa: S611 - the ORM wrote it
