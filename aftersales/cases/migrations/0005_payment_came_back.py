from django.db import migrations, models

# Until now only the story of a payment said when it was refused or called back.
TOLD = """
    UPDATE cases_casepayment p SET came_back_at = e.at FROM core_event e
     WHERE p.state IN ('rejected', 'cancelled') AND e.subject_kind = 'cases.casepayment' AND e.subject_id = p.id
       AND e.new = p.state
"""


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0004_return_addresses'),
        ('core', '0003_fresh_statistics'),
    ]

    operations = [
        migrations.AddField(
            model_name='casepayment',
            name='came_back_at',
            field=models.DateTimeField(null=True, verbose_name='refused or called back at'),
        ),
        migrations.AddField(
            model_name='historicalcasepayment',
            name='came_back_at',
            field=models.DateTimeField(null=True, verbose_name='refused or called back at'),
        ),
        migrations.RunSQL(TOLD, migrations.RunSQL.noop),
    ]
