"""What PostgreSQL believes of a table's size, where a wrong belief would multiply the work."""

from django.db import connection, models


def freshen(model: type[models.Model]) -> int:
    """Have a table and those that it refers to counted anew where the belief is far off; answers how many were.

    Call it before many rows are looked up. A table that was vacuumed while it was empty counts as empty, however much
    was loaded since; any index that knows the key in whatever place then looks as good as the primary key, and each
    row is looked for in all of it. PostgreSQL counts such tables by itself too, some time later.
    """
    tables = {model._meta.db_table}
    for field in model._meta.concrete_fields:
        if isinstance(field, models.ForeignKey):
            tables.add(field.remote_field.model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute("SELECT core_freshen(%s)", [sorted(tables)])
        return int(cursor.fetchone()[0])
