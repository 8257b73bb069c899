import aftersales.core.folding
import django.contrib.postgres.fields
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
                    name='SavedView',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('name', models.CharField(max_length=40, verbose_name='name')),
                        ('shared', models.CharField(choices=[('nobody', 'Only me'), ('team', 'My team'), ('everybody', 'Everybody')], default='nobody', max_length=9, verbose_name='shared with')),
                        ('base', models.CharField(max_length=12, verbose_name='view it starts from')),
                        ('query', models.JSONField(default=dict, verbose_name='filters')),
                        ('columns', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list, size=None, verbose_name='columns')),
                        ('sort', models.CharField(blank=True, max_length=12, verbose_name='order')),
                        ('flat', models.BooleanField(default=False, verbose_name='without group headings')),
                        ('created_at', models.DateTimeField(verbose_name='created at')),
                        ('active_to', models.DateTimeField(blank=True, null=True, verbose_name='ended at')),
                        ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='saved_views', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                        ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.team', verbose_name='team')),
                    ],
                    options={
                        'verbose_name': 'saved view',
                        'verbose_name_plural': 'saved views',
                    },
                ),
                migrations.CreateModel(
                    name='ViewPin',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                        ('view', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pins', to='desk.savedview', verbose_name='saved view')),
                    ],
                    options={
                        'verbose_name': 'tab',
                        'verbose_name_plural': 'tabs',
                    },
                ),
                migrations.AddIndex(
                    model_name='savedview',
                    index=models.Index(condition=models.Q(('active_to', None)), fields=['shared', 'team'], name='saved_view_shared'),
                ),
                migrations.AddConstraint(
                    model_name='savedview',
                    constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='saved_view_named'),
                ),
                migrations.AddConstraint(
                    model_name='savedview',
                    constraint=models.CheckConstraint(condition=models.Q(models.Q(('shared', 'team'), _negated=True), ('team__isnull', False), _connector='OR'), name='saved_view_team_named'),
                ),
                migrations.AddConstraint(
                    model_name='viewpin',
                    constraint=models.UniqueConstraint(fields=('person', 'view'), name='view_pin_once'),
                ),
            ],
        ),
    ]
