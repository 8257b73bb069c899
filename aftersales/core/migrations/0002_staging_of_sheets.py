"""The staged file: one row per row of the file, its cells as text. Unlogged: after a crash the file is read again."""

from django.db import migrations

CELLS = ", ".join(f"c{number} text" for number in range(1, 61))
STAGING = f"""
CREATE UNLOGGED TABLE core_sheetrow (upload_id bigint NOT NULL, row_no int NOT NULL, bad text, {CELLS});
CREATE INDEX sheet_row ON core_sheetrow (upload_id, row_no);
CREATE UNLOGGED TABLE core_sheetverdict (
    upload_id bigint NOT NULL, row_no int NOT NULL, verdict "char" NOT NULL,
    target_id bigint, target_version int, problems text, changes text,
    old jsonb -- what a changed row held before the import, for the page of its result
);
CREATE INDEX sheet_verdict ON core_sheetverdict (upload_id, verdict, row_no);
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [migrations.RunSQL(STAGING, "DROP TABLE core_sheetrow, core_sheetverdict")]
