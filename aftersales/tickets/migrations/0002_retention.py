"""The owner's function that removes archived texts past their time; the application may only call it (R5.5)."""

from django.db import migrations

RETAIN = """
CREATE OR REPLACE FUNCTION tickets_retain(until timestamptz, batch integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    -- never later than the database's own clock: a wrong moment cannot remove too early
    today date := (least(until, clock_timestamp()) AT TIME ZONE 'UTC')::date;
    gone bigint[];
    tickets bigint[];
BEGIN
    PERFORM set_config('aftersales.retention', 'on', true);
    SELECT array_agg(id), array_agg(ticket_id) INTO gone, tickets FROM (
        SELECT id, ticket_id FROM tickets_archiverecord
         WHERE keep_until < today AND legal_hold = '' AND sealed_at IS NOT NULL
           AND completed_at < least(until, clock_timestamp()) - interval '3 years'
           -- the record's columns may have been written by hand; the events cannot be changed
           AND NOT EXISTS (
               SELECT FROM core_event e
                WHERE e.subject_kind = 'tickets.ticket' AND e.subject_id = ticket_id
                  AND e.kind IN ('ticket.opened', 'ticket.reopened', 'ticket.confirmed', 'ticket.verified',
                                 'ticket.closed', 'ticket.unreachable', 'ticket.cancelled')
                  AND e.at >= least(until, clock_timestamp()) - interval '3 years')
         ORDER BY id LIMIT batch FOR UPDATE SKIP LOCKED
    ) AS due;
    IF gone IS NULL THEN
        PERFORM set_config('aftersales.retention', '', true);
        RETURN 0;
    END IF;
    DELETE FROM tickets_archiveaddendum WHERE record_id = ANY(gone);
    DELETE FROM tickets_archiverecord WHERE id = ANY(gone);
    DELETE FROM tickets_tickettext WHERE ticket_id = ANY(tickets);
    UPDATE tickets_message SET text = '', erased_at = least(until, clock_timestamp())
     WHERE ticket_id = ANY(tickets) AND erased_at IS NULL;
    PERFORM set_config('aftersales.retention', '', true);
    RETURN cardinality(gone);
END
$$;
REVOKE ALL ON FUNCTION tickets_retain(timestamptz, integer) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial")]

    operations = [migrations.RunSQL(RETAIN, "DROP FUNCTION IF EXISTS tickets_retain(timestamptz, integer)")]
