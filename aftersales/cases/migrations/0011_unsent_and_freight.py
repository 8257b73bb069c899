from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0010_authority'),
    ]

    operations = [
        migrations.AlterField(
            model_name='caseflag',
            name='signal',
            field=models.CharField(choices=[('serial', 'Returns unusually often'), ('empty_box', 'The parcel came back empty'), ('swapped', 'Another article came back'), ('same_photo', 'The same picture in another case'), ('never_sent', 'Paid at once, and the goods were never sent')], max_length=10, verbose_name='signal'),
        ),
        migrations.AlterField(
            model_name='casenote',
            name='kind',
            field=models.CharField(choices=[('ask', 'Request'), ('offer', 'Offer'), ('counter', 'Counter-offer'), ('accept', 'Acceptance'), ('approve', 'Approval'), ('reject', 'Refusal'), ('withdraw', 'Withdrawal'), ('amend', 'Change'), ('inspect', 'Inspection'), ('deduct', 'Deduction'), ('repair', 'Workshop'), ('turn', 'Turned into'), ('freight', 'Return freight')], max_length=8, verbose_name='about'),
        ),
    ]
