"""The owner's function that puts a tombstone over what people typed about an erased customer and his contacts."""

from django.db import migrations

FORGET = """
CREATE OR REPLACE FUNCTION customers_forget(ids bigint[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    mine bigint[];
    gone integer;
BEGIN
    SELECT array_agg(id) INTO mine FROM customers_customer WHERE id = ANY(ids) AND erased_at IS NOT NULL;
    PERFORM set_config('aftersales.retention', 'on', true);
    UPDATE core_event SET reason = '[erased]'
     WHERE reason NOT IN ('', '[erased]') AND kind NOT IN ('customer.erased', 'contact.erased')
       AND (subject_kind = 'customers.customer' AND subject_id = ANY(mine)
            OR subject_kind = 'customers.contact'
               AND subject_id IN (SELECT id FROM customers_contact WHERE customer_id = ANY(mine)));
    GET DIAGNOSTICS gone = ROW_COUNT;
    UPDATE customers_historicalcustomer SET history_change_reason = NULL
     WHERE id = ANY(mine) AND history_change_reason IS NOT NULL;
    PERFORM set_config('aftersales.retention', '', true);
    RETURN gone;
END
$$;
REVOKE ALL ON FUNCTION customers_forget(bigint[]) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial"), ("core", "0001_initial")]

    operations = [migrations.RunSQL(FORGET, "DROP FUNCTION IF EXISTS customers_forget(bigint[])")]
