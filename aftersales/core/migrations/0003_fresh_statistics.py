"""The owner's function that has PostgreSQL look again at tables of which it believes something long untrue."""

from django.db import migrations

FRESHEN = """
CREATE OR REPLACE FUNCTION core_freshen(tables text[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    one record;
    page integer := current_setting('block_size');
    done integer := 0;
BEGIN
    FOR one IN
        SELECT c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname = ANY(tables)
           AND pg_relation_size(c.oid) > 64 * page
           AND (c.reltuples <= 0 OR pg_relation_size(c.oid) > 2 * page * c.relpages::bigint)
    LOOP
        EXECUTE format('ANALYZE (SKIP_LOCKED) %s', one.name);
        done := done + 1;
    END LOOP;
    RETURN done;
END
$$;
REVOKE ALL ON FUNCTION core_freshen(text[]) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0002_staging_of_sheets")]

    operations = [migrations.RunSQL(FRESHEN, "DROP FUNCTION core_freshen(text[])")]
