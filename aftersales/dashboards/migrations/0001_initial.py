import aftersales.core.folding
import aftersales.core.models
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        aftersales.core.folding.AllAtOnce(
            operations=[
                migrations.CreateModel(
                    name='ReportPlan',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('period', models.CharField(choices=[('day', 'Day'), ('week', 'Week'), ('month', 'Month')], max_length=6, verbose_name='period')),
                        ('hour', models.PositiveSmallIntegerField(default=8, verbose_name='hour')),
                        ('created_at', models.DateTimeField(verbose_name='created at')),
                        ('active_to', models.DateTimeField(blank=True, null=True, verbose_name='ended at')),
                        ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='report_plans', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                        ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.team', verbose_name='team')),
                    ],
                    options={
                        'verbose_name': 'report plan',
                        'verbose_name_plural': 'report plans',
                    },
                ),
                migrations.CreateModel(
                    name='Report',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.CharField(default=aftersales.core.models.new_public_id, editable=False, max_length=22, unique=True, verbose_name='public id')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('first_day', models.DateField(verbose_name='first day')),
                        ('last_day', models.DateField(verbose_name='last day')),
                        ('made_at', models.DateTimeField(verbose_name='made at')),
                        ('content', models.JSONField(default=dict, verbose_name='content')),
                        ('comment', models.TextField(blank=True, default='', max_length=4000, verbose_name='comment')),
                        ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='dashboards.reportplan', verbose_name='plan')),
                    ],
                    options={
                        'verbose_name': 'report',
                        'verbose_name_plural': 'reports',
                    },
                ),
                migrations.AddConstraint(
                    model_name='reportplan',
                    constraint=models.UniqueConstraint(condition=models.Q(('active_to', None)), fields=('owner', 'period', 'team'), name='report_plan_once', nulls_distinct=False),
                ),
                migrations.AddConstraint(
                    model_name='reportplan',
                    constraint=models.CheckConstraint(condition=models.Q(('hour__lt', 24)), name='report_plan_hour'),
                ),
                migrations.AddIndex(
                    model_name='report',
                    index=models.Index(fields=['plan', '-last_day'], name='report_newest'),
                ),
                migrations.AddConstraint(
                    model_name='report',
                    constraint=models.UniqueConstraint(fields=('plan', 'last_day'), name='report_once'),
                ),
                migrations.AddConstraint(
                    model_name='report',
                    constraint=models.CheckConstraint(condition=models.Q(('last_day__gte', models.F('first_day'))), name='report_days'),
                ),
            ],
        ),
    ]
