from django.db import migrations


class Migration(migrations.Migration):
    """What a changed row held before the import, for the page of its result."""

    dependencies = [("core", "0004_sheet_checks")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE core_sheetverdict ADD COLUMN old jsonb",
            "ALTER TABLE core_sheetverdict DROP COLUMN old",
        )
    ]
