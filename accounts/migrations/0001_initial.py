import aftersales.core.folding
import django.contrib.postgres.fields
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        aftersales.core.folding.AllAtOnce(
            operations=[
                migrations.CreateModel(
                    name='User',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('password', models.CharField(max_length=128, verbose_name='password')),
                        ('username', models.CharField(max_length=150, unique=True, verbose_name='user name')),
                        ('display_name', models.CharField(max_length=80, verbose_name='name')),
                        ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                        ('language', models.CharField(blank=True, choices=[('zh-hans', 'Simplified Chinese'), ('en', 'English')], max_length=10, verbose_name='language')),
                        ('roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('agent', 'Agent'), ('lead', 'Team lead'), ('supervisor', 'Supervisor'), ('adjudicator', 'Adjudicator'), ('authority_desk', 'Authority desk'), ('inspector', 'Inspector'), ('trainer', 'Trainer'), ('planner', 'Planner'), ('merchant_manager', 'Merchant manager'), ('returns_receiver', 'Returns receiver'), ('finance', 'Finance'), ('payroll_reader', 'Payroll reader'), ('risk', 'Risk control'), ('privacy_officer', 'Privacy officer'), ('operations', 'Operations'), ('auditor', 'Auditor'), ('administrator', 'Administrator'), ('vendor_lead', 'Vendor lead'), ('vendor_agent', 'Vendor agent'), ('merchant_owner', 'Merchant owner'), ('merchant_clerk', 'Merchant clerk'), ('system', 'System'), ('customer', 'Customer')], max_length=24), default=list, size=None, verbose_name='roles')),
                        ('kind', models.CharField(choices=[('person', 'Person'), ('demo', 'Demo person'), ('machine', 'Machine')], default='person', max_length=8, verbose_name='kind of account')),
                        ('is_active', models.BooleanField(default=True, verbose_name='active')),
                        ('capacity', models.PositiveSmallIntegerField(default=20, help_text='Open tickets this person carries at most.', verbose_name='capacity')),
                        ('languages', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), blank=True, default=list, help_text="Languages for customers beside the market's own, such as en or ja.", size=None, verbose_name='speaks')),
                        ('session_epoch', models.PositiveIntegerField(default=0, editable=False)),
                        ('created_at', models.DateTimeField(verbose_name='created at')),
                        ('version', models.PositiveIntegerField(default=1, editable=False)),
                    ],
                    options={
                        'verbose_name': 'person',
                        'verbose_name_plural': 'people',
                        'ordering': ('username',),
                        'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['person', 'demo', 'machine'])), name='user_kind_known'), models.UniqueConstraint(condition=models.Q(('email', ''), _negated=True), fields=('email',), name='user_email_once')],
                    },
                ),
                migrations.CreateModel(
                    name='HistoricalAway',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('starts_at', models.DateTimeField(verbose_name='from')),
                        ('ends_at', models.DateTimeField(blank=True, null=True, verbose_name='until')),
                        ('reason', models.CharField(choices=[('leave', 'Leave'), ('sick', 'Sick'), ('training', 'Training'), ('meeting', 'Meeting'), ('break', 'Break'), ('pause', 'Pause after an abusive contact')], default='leave', max_length=12, verbose_name='reason')),
                        ('version', models.PositiveIntegerField(default=1, editable=False)),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('person', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                    ],
                    options={
                        'verbose_name': 'historical away period',
                        'verbose_name_plural': 'historical away periods',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='HistoricalShift',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('starts_at', models.DateTimeField(verbose_name='from')),
                        ('ends_at', models.DateTimeField(verbose_name='until')),
                        ('cancelled_at', models.DateTimeField(blank=True, null=True, verbose_name='cancelled at')),
                        ('version', models.PositiveIntegerField(default=1, editable=False)),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('person', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                    ],
                    options={
                        'verbose_name': 'historical shift',
                        'verbose_name_plural': 'historical shifts',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='HistoricalTeam',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('code', models.SlugField(max_length=32, verbose_name='code')),
                        ('name_zh', models.CharField(max_length=80, verbose_name='Chinese name')),
                        ('name_en', models.CharField(max_length=80, verbose_name='English name')),
                        ('duties', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('orders', 'Orders'), ('logistics', 'Logistics'), ('payment', 'Payment'), ('returns', 'Returns'), ('repair', 'Repair'), ('complaints', 'Complaints'), ('emergency', 'Emergency'), ('process', 'Process'), ('authority', 'Authority matters')], max_length=16), default=list, size=None, verbose_name='duties')),
                        ('vendor', models.CharField(blank=True, max_length=120, verbose_name='vendor')),
                        ('created_at', models.DateTimeField(verbose_name='created at')),
                        ('active_to', models.DateTimeField(blank=True, null=True, verbose_name='closed at')),
                        ('version', models.PositiveIntegerField(default=1, editable=False)),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('lead', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='lead')),
                    ],
                    options={
                        'verbose_name': 'historical team',
                        'verbose_name_plural': 'historical teams',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='HistoricalUser',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('username', models.CharField(db_index=True, max_length=150, verbose_name='user name')),
                        ('language', models.CharField(blank=True, choices=[('zh-hans', 'Simplified Chinese'), ('en', 'English')], max_length=10, verbose_name='language')),
                        ('roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('agent', 'Agent'), ('lead', 'Team lead'), ('supervisor', 'Supervisor'), ('adjudicator', 'Adjudicator'), ('authority_desk', 'Authority desk'), ('inspector', 'Inspector'), ('trainer', 'Trainer'), ('planner', 'Planner'), ('merchant_manager', 'Merchant manager'), ('returns_receiver', 'Returns receiver'), ('finance', 'Finance'), ('payroll_reader', 'Payroll reader'), ('risk', 'Risk control'), ('privacy_officer', 'Privacy officer'), ('operations', 'Operations'), ('auditor', 'Auditor'), ('administrator', 'Administrator'), ('vendor_lead', 'Vendor lead'), ('vendor_agent', 'Vendor agent'), ('merchant_owner', 'Merchant owner'), ('merchant_clerk', 'Merchant clerk'), ('system', 'System'), ('customer', 'Customer')], max_length=24), default=list, size=None, verbose_name='roles')),
                        ('kind', models.CharField(choices=[('person', 'Person'), ('demo', 'Demo person'), ('machine', 'Machine')], default='person', max_length=8, verbose_name='kind of account')),
                        ('is_active', models.BooleanField(default=True, verbose_name='active')),
                        ('capacity', models.PositiveSmallIntegerField(default=20, help_text='Open tickets this person carries at most.', verbose_name='capacity')),
                        ('languages', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), blank=True, default=list, help_text="Languages for customers beside the market's own, such as en or ja.", size=None, verbose_name='speaks')),
                        ('session_epoch', models.PositiveIntegerField(default=0, editable=False)),
                        ('created_at', models.DateTimeField(verbose_name='created at')),
                        ('version', models.PositiveIntegerField(default=1, editable=False)),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': 'historical person',
                        'verbose_name_plural': 'historical people',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='Taste',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('theme', models.CharField(choices=[('auto', 'System'), ('light', 'Light'), ('dark', 'Dark')], default='auto', max_length=5, verbose_name='appearance')),
                        ('single_keys', models.BooleanField(default=True, verbose_name='single keys')),
                        ('density', models.CharField(choices=[('comfortable', 'Comfortable'), ('compact', 'Compact')], default='comfortable', max_length=11, verbose_name='rows of lists')),
                        ('home_view', models.CharField(blank=True, max_length=24, verbose_name='view that opens')),
                        ('toured_at', models.DateTimeField(blank=True, null=True, verbose_name='tour seen at')),
                        ('help_hidden', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), default=list, size=None, verbose_name='help put away')),
                        ('person', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='taste', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                    ],
                    options={
                        'verbose_name': 'personal setting',
                        'verbose_name_plural': 'personal settings',
                    },
                ),
                migrations.CreateModel(
                    name='Team',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.SlugField(max_length=32, unique=True, verbose_name='code')),
                        ('name_zh', models.CharField(max_length=80, verbose_name='Chinese name')),
                        ('name_en', models.CharField(max_length=80, verbose_name='English name')),
                        ('duties', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('orders', 'Orders'), ('logistics', 'Logistics'), ('payment', 'Payment'), ('returns', 'Returns'), ('repair', 'Repair'), ('complaints', 'Complaints'), ('emergency', 'Emergency'), ('process', 'Process'), ('authority', 'Authority matters')], max_length=16), default=list, size=None, verbose_name='duties')),
                        ('vendor', models.CharField(blank=True, max_length=120, verbose_name='vendor')),
                        ('created_at', models.DateTimeField(verbose_name='created at')),
                        ('active_to', models.DateTimeField(blank=True, null=True, verbose_name='closed at')),
                        ('version', models.PositiveIntegerField(default=1, editable=False)),
                        ('lead', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='teams_led', to=settings.AUTH_USER_MODEL, verbose_name='lead')),
                    ],
                    options={
                        'verbose_name': 'team',
                        'verbose_name_plural': 'teams',
                        'ordering': ('code',),
                    },
                ),
                migrations.CreateModel(
                    name='HistoricalTeamMember',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('active_from', models.DateTimeField(verbose_name='from')),
                        ('active_to', models.DateTimeField(blank=True, null=True, verbose_name='until')),
                        ('version', models.PositiveIntegerField(default=1, editable=False)),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('person', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                        ('team', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.team', verbose_name='team')),
                    ],
                    options={
                        'verbose_name': 'historical team member',
                        'verbose_name_plural': 'historical team members',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='Away',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('starts_at', models.DateTimeField(verbose_name='from')),
                        ('ends_at', models.DateTimeField(blank=True, null=True, verbose_name='until')),
                        ('reason', models.CharField(choices=[('leave', 'Leave'), ('sick', 'Sick'), ('training', 'Training'), ('meeting', 'Meeting'), ('break', 'Break'), ('pause', 'Pause after an abusive contact')], default='leave', max_length=12, verbose_name='reason')),
                        ('version', models.PositiveIntegerField(default=1, editable=False)),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='away_periods', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                    ],
                    options={
                        'verbose_name': 'away period',
                        'verbose_name_plural': 'away periods',
                        'ordering': ('-starts_at', 'pk'),
                        'indexes': [models.Index(fields=['person', 'starts_at'], name='away_person_start')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('ends_at', None), ('ends_at__gte', models.F('starts_at')), _connector='OR'), name='away_period')],
                    },
                ),
                migrations.CreateModel(
                    name='Shift',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('starts_at', models.DateTimeField(verbose_name='from')),
                        ('ends_at', models.DateTimeField(verbose_name='until')),
                        ('cancelled_at', models.DateTimeField(blank=True, null=True, verbose_name='cancelled at')),
                        ('version', models.PositiveIntegerField(default=1, editable=False)),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shifts', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                    ],
                    options={
                        'verbose_name': 'shift',
                        'verbose_name_plural': 'shifts',
                        'ordering': ('-starts_at', 'pk'),
                        'indexes': [models.Index(fields=['ends_at', 'starts_at'], name='shift_period')],
                        'constraints': [models.UniqueConstraint(fields=('person', 'starts_at'), name='shift_person_start_once'), models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='shift_ends_after_start')],
                    },
                ),
                migrations.CreateModel(
                    name='TeamMember',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('active_from', models.DateTimeField(verbose_name='from')),
                        ('active_to', models.DateTimeField(blank=True, null=True, verbose_name='until')),
                        ('version', models.PositiveIntegerField(default=1, editable=False)),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                        ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='members', to='accounts.team', verbose_name='team')),
                    ],
                    options={
                        'verbose_name': 'team member',
                        'verbose_name_plural': 'team members',
                        'ordering': ('team_id', 'pk'),
                        'constraints': [models.UniqueConstraint(condition=models.Q(('active_to', None)), fields=('team', 'person'), name='team_member_once'), models.CheckConstraint(condition=models.Q(('active_to', None), ('active_to__gte', models.F('active_from')), _connector='OR'), name='team_member_period')],
                    },
                ),
            ],
        ),
    ]
