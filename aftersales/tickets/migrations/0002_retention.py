"""The owner's functions that remove words: of archived tickets past their time, and of tickets of erased customers.

Reasons in events are typed by people; only these functions may put a tombstone over them (core.models.event_triggers).
"""

from django.db import migrations

RETAIN = """
CREATE OR REPLACE FUNCTION tickets_retain(until timestamptz, batch integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    -- never later than the database's own clock: a wrong moment cannot remove too early
    moment timestamptz := least(until, clock_timestamp());
    today date := (least(until, clock_timestamp()) AT TIME ZONE 'UTC')::date;
    gone bigint[];
    tickets bigint[];
BEGIN
    PERFORM set_config('aftersales.retention', 'on', true);
    SELECT array_agg(id), array_agg(ticket_id) INTO gone, tickets FROM (
        SELECT id, ticket_id FROM tickets_archiverecord
         WHERE keep_until < today AND legal_hold = '' AND sealed_at IS NOT NULL
           AND completed_at < moment - interval '3 years'
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
    UPDATE tickets_ticket SET subject = '–', version = version + 1 WHERE id = ANY(tickets);
    UPDATE tickets_givenpromise SET what = '', why = '', erased_at = moment
     WHERE ticket_id = ANY(tickets) AND erased_at IS NULL;
    UPDATE tickets_handoverline SET note = '' WHERE ticket_id = ANY(tickets) AND note <> '';
    UPDATE tickets_appointment SET place = '', why = '', erased_at = moment
     WHERE ticket_id = ANY(tickets) AND erased_at IS NULL;
    UPDATE tickets_ticketwait SET expects = '' WHERE ticket_id = ANY(tickets) AND expects <> '';
    UPDATE tickets_message SET text = '', erased_at = moment WHERE ticket_id = ANY(tickets) AND erased_at IS NULL;
    -- the files themselves go by the application's job, which finds them by file_gone_at
    UPDATE tickets_attachment SET original_name = '', sha256 = '', erased_at = moment
     WHERE ticket_id = ANY(tickets) AND erased_at IS NULL;
    UPDATE tickets_intakeitem SET facts = facts - 'subject' - 'text' WHERE ticket_id = ANY(tickets);
    UPDATE notices_notice SET subject = '', body = '', contact_id = NULL, erased_at = moment
     WHERE subject_kind = 'tickets.ticket' AND subject_id = ANY(tickets) AND erased_at IS NULL;
    UPDATE core_event SET reason = '[erased]'
     WHERE subject_kind = 'tickets.ticket' AND subject_id = ANY(tickets) AND reason NOT IN ('', '[erased]');
    UPDATE tickets_historicalticket SET history_change_reason = NULL
     WHERE id = ANY(tickets) AND history_change_reason IS NOT NULL;
    PERFORM set_config('aftersales.retention', '', true);
    RETURN cardinality(gone);
END
$$;
REVOKE ALL ON FUNCTION tickets_retain(timestamptz, integer) FROM PUBLIC;
"""

FORGET = """
CREATE OR REPLACE FUNCTION tickets_forget(ids bigint[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    mine bigint[];
    gone integer;
BEGIN
    -- whatever the caller says: only tickets of people whose data was erased, and none under a legal hold
    SELECT array_agg(t.id) INTO mine
      FROM tickets_ticket t JOIN customers_customer c ON c.id = t.customer_id
     WHERE t.id = ANY(ids) AND c.erased_at IS NOT NULL
       AND NOT EXISTS (SELECT FROM tickets_archiverecord r WHERE r.ticket_id = t.id AND r.legal_hold <> '');
    PERFORM set_config('aftersales.retention', 'on', true);
    UPDATE core_event SET reason = '[erased]'
     WHERE subject_kind = 'tickets.ticket' AND subject_id = ANY(mine) AND reason NOT IN ('', '[erased]')
       AND kind NOT IN ('ticket.message_erased', 'ticket.words_erased');
    GET DIAGNOSTICS gone = ROW_COUNT;
    UPDATE tickets_historicalticket SET history_change_reason = NULL
     WHERE id = ANY(mine) AND history_change_reason IS NOT NULL;
    PERFORM set_config('aftersales.retention', '', true);
    RETURN gone;
END
$$;
REVOKE ALL ON FUNCTION tickets_forget(bigint[]) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0001_initial"),
        ("core", "0001_initial"),
        ("customers", "0001_initial"),
        ("notices", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(RETAIN, "DROP FUNCTION IF EXISTS tickets_retain(timestamptz, integer)"),
        migrations.RunSQL(FORGET, "DROP FUNCTION IF EXISTS tickets_forget(bigint[])"),
    ]
