import aftersales.core.folding
import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        aftersales.core.folding.AllAtOnce(
            operations=[
                migrations.CreateModel(
                    name='Rollup',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('metric', models.SlugField(db_index=False, max_length=40, verbose_name='metric')),
                        ('subject_kind', models.CharField(choices=[('merchant', 'Merchant'), ('person', 'Person'), ('team', 'Team'), ('product', 'Product'), ('carrier', 'Carrier'), ('vendor', 'Outsourced vendor')], max_length=8, verbose_name='kind of subject')),
                        ('subject_id', models.BigIntegerField(default=0, verbose_name='subject')),
                        ('subject_name', models.CharField(blank=True, default='', max_length=120, verbose_name='name of the subject')),
                        ('day', models.DateField(verbose_name='day')),
                        ('category', models.CharField(blank=True, default='', max_length=80, verbose_name='category')),
                        ('num', models.BigIntegerField(verbose_name='numerator')),
                        ('den', models.BigIntegerField(verbose_name='denominator')),
                        ('samples', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), null=True, size=None, verbose_name='single times')),
                    ],
                    options={
                        'verbose_name': 'figure of a day',
                        'verbose_name_plural': 'figures of days',
                        'ordering': ['day', 'metric'],
                        'indexes': [models.Index(fields=['metric', 'subject_kind', 'day'], name='rollup_day')],
                        'constraints': [models.UniqueConstraint(fields=('subject_kind', 'subject_id', 'metric', 'day', 'category', 'subject_name'), name='rollup_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Touched',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('subject_kind', models.CharField(max_length=60, verbose_name='subject kind')),
                        ('subject_id', models.BigIntegerField(verbose_name='subject')),
                    ],
                    options={
                        'verbose_name': 'row to be counted again',
                        'verbose_name_plural': 'rows to be counted again',
                    },
                ),
            ],
        ),
    ]
