from django.db import migrations, models

CAUSES = [
    ('short', 'Less came back than was refunded'),
    ('never_sent', 'Refunded, and the goods were never sent'),
    ('delivered', 'Refunded, and the customer has the goods'),
    ('person', 'Approved by rule; the customer asks for a person'),
]


class Migration(migrations.Migration):
    """Only the words that the column may hold: nothing changes in the database."""

    dependencies = [
        ('cases', '0017_comparisons'),
    ]

    operations = [
        migrations.AlterField(
            model_name=model,
            name='review',
            field=models.CharField(blank=True, choices=CAUSES, max_length=12, verbose_name='to be looked at'),
        )
        for model in ('case', 'historicalcase')
    ]
