import django.db.models.deletion
from django.db import migrations, models

# The log is append-only; what it says stays, each line only learns its rule. Lines that an edited rule wrote a second
# time for the same moment keep their place under a key of their own.
FILL = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE tickets_automationrun DISABLE TRIGGER USER;
UPDATE tickets_automationrun AS run SET rule_id = version.rule_id
  FROM tickets_automationversion AS version WHERE version.id = run.version_id;
UPDATE tickets_automationrun AS run SET key = left(run.key, 38) || '#' || run.id
 WHERE EXISTS (SELECT 1 FROM tickets_automationrun AS earlier
                WHERE earlier.rule_id = run.rule_id AND earlier.ticket_id = run.ticket_id
                  AND earlier.key = run.key AND earlier.id < run.id);
ALTER TABLE tickets_automationrun ENABLE TRIGGER USER;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('tickets', '0020_checklists'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='automationrun',
            name='automation_run_once',
        ),
        migrations.RemoveIndex(
            model_name='automationrun',
            name='automation_run_day',
        ),
        migrations.AddField(
            model_name='automationrun',
            name='rule',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tickets.automation', verbose_name='automation rule'),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='automationrun',
            name='rule',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tickets.automation', verbose_name='automation rule'),
        ),
        migrations.AlterField(
            model_name='automationrun',
            name='outcome',
            field=models.CharField(choices=[('done', 'Done'), ('refused', 'Refused'), ('loop', 'Stopped: its own doing'), ('depth', 'Stopped: too many rules in a row'), ('often', 'Stopped: too often on one day'), ('failed', 'Failed')], max_length=8, verbose_name='outcome'),
        ),
        migrations.AddIndex(
            model_name='automationrun',
            index=models.Index(fields=['rule', 'ticket', 'at'], name='automation_run_day'),
        ),
        migrations.AddConstraint(
            model_name='automationrun',
            constraint=models.UniqueConstraint(fields=('rule', 'ticket', 'key'), name='automation_run_once'),
        ),
    ]
