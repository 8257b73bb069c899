import aftersales.core.folding
import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('standards', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        aftersales.core.folding.AllAtOnce(
            operations=[
                migrations.CreateModel(
                    name='Clock',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('subject_kind', models.CharField(max_length=60, verbose_name='subject kind')),
                        ('subject_id', models.BigIntegerField(verbose_name='subject')),
                        ('merchant_id', models.BigIntegerField(blank=True, null=True, verbose_name='merchant')),
                        ('audience', models.CharField(choices=[('internal', 'Staff only'), ('merchant', 'Merchant'), ('customer', 'Customer')], default='internal', max_length=10, verbose_name='audience')),
                        ('promise', models.CharField(choices=[('first_response', 'First response'), ('reply', 'Reply to a message'), ('emergency_response', 'Emergency response'), ('plan', 'Analysis and plan'), ('solution_agreed', 'Solution agreed'), ('done', 'Handled'), ('closed_loop', 'Closed loop'), ('verification', 'Verification'), ('archive', 'Archive record'), ('discovery_to_ticket', 'Reported after discovery'), ('merchant_answer', "Merchant's answer"), ('return_handled', 'Return or exchange handled'), ('refund', 'Refund paid'), ('repair', 'Repair done'), ('kept_word', 'Given word'), ('return_address', 'Return address given'), ('receipt', 'Receipt of the goods confirmed'), ('replacement', 'Replacement sent'), ('authority_reply', 'Reply to the authority'), ('authority_answer', "Merchant's answer for the authority")], max_length=24, verbose_name='promise')),
                        ('round', models.PositiveSmallIntegerField(default=1, verbose_name='round')),
                        ('kind', models.CharField(choices=[('service', 'Service'), ('statutory', 'Statutory'), ('obligation', 'Obligation')], default='service', max_length=10, verbose_name='kind of clock')),
                        ('owed_by', models.CharField(choices=[('team', 'The handling team'), ('lead', "The team's lead"), ('person', 'The person handling it'), ('owner', 'The first-contact owner'), ('merchant', 'The merchant'), ('customer', 'The customer'), ('carrier', 'The carrier'), ('provider', 'A service provider'), ('department', 'A department of the platform')], default='team', max_length=12, verbose_name='owed by')),
                        ('owed_party', models.CharField(blank=True, max_length=40, verbose_name='duty or department')),
                        ('holder_team_id', models.BigIntegerField(blank=True, null=True, verbose_name='team')),
                        ('state', models.CharField(choices=[('running', 'Running'), ('paused', 'Paused'), ('met', 'Kept'), ('breached', 'Breached'), ('met_late', 'Kept late'), ('cancelled', 'Dropped')], default='running', max_length=10, verbose_name='state')),
                        ('started_at', models.DateTimeField(verbose_name='started at')),
                        ('counted_from', models.DateTimeField(verbose_name='counted from')),
                        ('due_at', models.DateTimeField(verbose_name='due at')),
                        ('warn_at', models.DateTimeField(verbose_name='warns at')),
                        ('paused_at', models.DateTimeField(blank=True, null=True, verbose_name='paused at')),
                        ('pauses', models.JSONField(blank=True, default=list, verbose_name='pauses')),
                        ('warned_at', models.DateTimeField(blank=True, null=True, verbose_name='warned at')),
                        ('breached_at', models.DateTimeField(blank=True, null=True, verbose_name='breached at')),
                        ('breach_team_id', models.BigIntegerField(blank=True, null=True, verbose_name='team when time ran out')),
                        ('met_at', models.DateTimeField(blank=True, null=True, verbose_name='kept at')),
                        ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended at')),
                        ('is_historic', models.BooleanField(default=False, verbose_name='historic')),
                        ('recounted_at', models.DateTimeField(blank=True, null=True, verbose_name='counted anew at')),
                        ('breach_holder', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='held by when time ran out')),
                        ('holder', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='held by')),
                        ('standard_version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='clocks', to='standards.standardversion', verbose_name='rule')),
                    ],
                    options={
                        'verbose_name': 'clock',
                        'verbose_name_plural': 'clocks',
                        'ordering': ['due_at', 'id'],
                    },
                ),
                migrations.CreateModel(
                    name='HistoricalLadderRung',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('number', models.PositiveIntegerField(verbose_name='version')),
                        ('state', models.CharField(choices=[('draft', 'Draft'), ('active', 'In force'), ('retired', 'Replaced'), ('rejected', 'Returned'), ('noted', 'Noted only')], default='draft', max_length=10, verbose_name='state')),
                        ('source_ref', models.CharField(help_text='For example R3.4 or G4.1.', max_length=60, verbose_name='source id')),
                        ('source_zh', models.TextField(verbose_name='source text')),
                        ('source_en', models.CharField(max_length=300, verbose_name='source in English')),
                        ('conflict_group', models.CharField(blank=True, help_text='Sources that contradict each other.', max_length=60, verbose_name='conflict group')),
                        ('note_zh', models.TextField(blank=True, verbose_name='Chinese note')),
                        ('note_en', models.TextField(blank=True, verbose_name='English note')),
                        ('change_reason', models.TextField(blank=True, verbose_name='reason for the change')),
                        ('is_shipped', models.BooleanField(default=False, editable=False, verbose_name='shipped default')),
                        ('valid_from', models.DateTimeField(blank=True, null=True, verbose_name='in force from')),
                        ('valid_to', models.DateTimeField(blank=True, null=True, verbose_name='in force until')),
                        ('drafted_at', models.DateTimeField(verbose_name='drafted at')),
                        ('activated_at', models.DateTimeField(blank=True, null=True, verbose_name='activated at')),
                        ('code', models.SlugField(max_length=60, verbose_name='code')),
                        ('name_zh', models.CharField(max_length=120, verbose_name='Chinese name')),
                        ('name_en', models.CharField(max_length=120, verbose_name='English name')),
                        ('promises', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None, verbose_name='promises')),
                        ('clock_kinds', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None, verbose_name='kinds of clock')),
                        ('severities', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None, verbose_name='severities')),
                        ('moment', models.CharField(choices=[('percent', 'per cent of the time used'), ('late', 'minutes past due')], max_length=8, verbose_name='when')),
                        ('value', models.PositiveIntegerField(default=0, verbose_name='how much')),
                        ('to', models.CharField(choices=[('holder', 'Who works on it'), ('lead', 'Team lead'), ('supervisor', 'Supervisors'), ('operations', 'Operations'), ('duty', 'Leads of the duty')], max_length=12, verbose_name='told')),
                        ('by', models.CharField(choices=[('digest', 'in the digest'), ('at_once', 'at once')], default='digest', max_length=8, verbose_name='how')),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('activated_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='activated by')),
                        ('drafted_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='drafted by')),
                        ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': 'historical rung of the ladder',
                        'verbose_name_plural': 'historical rungs of the ladder',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='LadderRung',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('number', models.PositiveIntegerField(verbose_name='version')),
                        ('state', models.CharField(choices=[('draft', 'Draft'), ('active', 'In force'), ('retired', 'Replaced'), ('rejected', 'Returned'), ('noted', 'Noted only')], default='draft', max_length=10, verbose_name='state')),
                        ('source_ref', models.CharField(help_text='For example R3.4 or G4.1.', max_length=60, verbose_name='source id')),
                        ('source_zh', models.TextField(verbose_name='source text')),
                        ('source_en', models.CharField(max_length=300, verbose_name='source in English')),
                        ('conflict_group', models.CharField(blank=True, help_text='Sources that contradict each other.', max_length=60, verbose_name='conflict group')),
                        ('note_zh', models.TextField(blank=True, verbose_name='Chinese note')),
                        ('note_en', models.TextField(blank=True, verbose_name='English note')),
                        ('change_reason', models.TextField(blank=True, verbose_name='reason for the change')),
                        ('is_shipped', models.BooleanField(default=False, editable=False, verbose_name='shipped default')),
                        ('valid_from', models.DateTimeField(blank=True, null=True, verbose_name='in force from')),
                        ('valid_to', models.DateTimeField(blank=True, null=True, verbose_name='in force until')),
                        ('drafted_at', models.DateTimeField(verbose_name='drafted at')),
                        ('activated_at', models.DateTimeField(blank=True, null=True, verbose_name='activated at')),
                        ('code', models.SlugField(max_length=60, verbose_name='code')),
                        ('name_zh', models.CharField(max_length=120, verbose_name='Chinese name')),
                        ('name_en', models.CharField(max_length=120, verbose_name='English name')),
                        ('promises', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None, verbose_name='promises')),
                        ('clock_kinds', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None, verbose_name='kinds of clock')),
                        ('severities', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None, verbose_name='severities')),
                        ('moment', models.CharField(choices=[('percent', 'per cent of the time used'), ('late', 'minutes past due')], max_length=8, verbose_name='when')),
                        ('value', models.PositiveIntegerField(default=0, verbose_name='how much')),
                        ('to', models.CharField(choices=[('holder', 'Who works on it'), ('lead', 'Team lead'), ('supervisor', 'Supervisors'), ('operations', 'Operations'), ('duty', 'Leads of the duty')], max_length=12, verbose_name='told')),
                        ('by', models.CharField(choices=[('digest', 'in the digest'), ('at_once', 'at once')], default='digest', max_length=8, verbose_name='how')),
                        ('activated_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='activated by')),
                        ('drafted_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='drafted by')),
                    ],
                    options={
                        'verbose_name': 'rung of the ladder',
                        'verbose_name_plural': 'rungs of the ladder',
                        'ordering': ['code', '-number'],
                    },
                ),
                migrations.CreateModel(
                    name='Escalation',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.SlugField(max_length=60, verbose_name='code')),
                        ('at', models.DateTimeField(verbose_name='at')),
                        ('clock', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='escalations', to='clocks.clock', verbose_name='clock')),
                        ('rung', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clocks.ladderrung', verbose_name='rung of the ladder')),
                    ],
                    options={
                        'verbose_name': 'escalation',
                        'verbose_name_plural': 'escalations',
                    },
                ),
                migrations.AddIndex(
                    model_name='clock',
                    index=models.Index(condition=models.Q(('state', 'running')), fields=['due_at', 'id'], name='clock_due'),
                ),
                migrations.AddIndex(
                    model_name='clock',
                    index=models.Index(condition=models.Q(('state', 'running'), ('warned_at', None)), fields=['warn_at', 'id'], name='clock_warn'),
                ),
                migrations.AddIndex(
                    model_name='clock',
                    index=models.Index(condition=models.Q(('met_at', None), _negated=True), fields=['promise', 'met_at'], name='clock_met'),
                ),
                migrations.AddIndex(
                    model_name='clock',
                    index=models.Index(condition=models.Q(('breached_at', None), _negated=True), fields=['breached_at'], name='clock_breached'),
                ),
                migrations.AddIndex(
                    model_name='clock',
                    index=models.Index(condition=models.Q(('ended_at', None), ('is_historic', False), ('state__in', ['running', 'breached'])), fields=['due_at', 'id'], name='clock_open_due'),
                ),
                migrations.AddConstraint(
                    model_name='clock',
                    constraint=models.UniqueConstraint(fields=('subject_kind', 'subject_id', 'promise', 'round'), name='clock_once'),
                ),
                migrations.AddConstraint(
                    model_name='clock',
                    constraint=models.CheckConstraint(condition=models.Q(('standard_version__isnull', False), ('promise__in', ['authority_answer', 'authority_reply', 'kept_word']), _connector='OR'), name='clock_cites_a_rule'),
                ),
                migrations.AddConstraint(
                    model_name='clock',
                    constraint=models.CheckConstraint(condition=models.Q(('kind', 'service'), models.Q(('state', 'paused'), _negated=True), models.Q(('paused_at', None), _negated=True), _connector='OR'), name='clock_paused_since'),
                ),
                migrations.AddConstraint(
                    model_name='clock',
                    constraint=models.CheckConstraint(condition=models.Q(('due_at__gte', models.F('counted_from'))), name='clock_due_after_start'),
                ),
                migrations.AddConstraint(
                    model_name='clock',
                    constraint=models.CheckConstraint(condition=models.Q(('ended_at', None), models.Q(('state__in', ['running', 'paused']), _negated=True), _connector='OR'), name='clock_ended_not_running'),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='clock',
                    trigger=pgtrigger.compiler.Trigger(name='state_door', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.state IS DISTINCT FROM NEW.state AND NOT COALESCE(current_setting('aftersales.move', true) = 'clock_engine' AND (OLD.state || ':' || NEW.state) IN ('breached:met_late', 'paused:cancelled', 'paused:met', 'paused:running', 'running:breached', 'running:cancelled', 'running:met', 'running:met_late', 'running:paused'), false))", func="\n            RAISE EXCEPTION 'the state of % % changes only through the clock engine (% -> %)',\n                TG_TABLE_NAME, OLD.id, OLD.state, NEW.state USING ERRCODE = 'check_violation';\n        ", hash='16195a2b13bf861fb5b31bb74e7d5e23478e13fc', operation='UPDATE', pgid='pgtrigger_state_door_1b0c2', table='clocks_clock', when='BEFORE')),
                ),
                migrations.AddConstraint(
                    model_name='ladderrung',
                    constraint=models.UniqueConstraint(fields=('code', 'number'), name='rung_number'),
                ),
                migrations.AddConstraint(
                    model_name='ladderrung',
                    constraint=models.CheckConstraint(condition=models.Q(('moment', 'late'), models.Q(('value__gte', 1), ('value__lte', 100)), _connector='OR'), name='rung_percent'),
                ),
                migrations.AddConstraint(
                    model_name='ladderrung',
                    constraint=models.CheckConstraint(condition=models.Q(('activated_by', None), models.Q(('activated_by', models.F('drafted_by')), _negated=True), ('is_shipped', True), _connector='OR'), name='rung_second_person'),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='ladderrung',
                    trigger=pgtrigger.compiler.Trigger(name='state_door', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.state IS DISTINCT FROM NEW.state AND (COALESCE(current_setting('aftersales.move', true), '') || ':' || OLD.state || ':' || NEW.state) NOT IN ('activate:draft:active', 'reject:draft:rejected', 'retire:active:retired'))", func='\n            RAISE EXCEPTION \'the state of % % changes only through the door (% -> %)\',\n                TG_TABLE_NAME, OLD.id, OLD."state", NEW."state" USING ERRCODE = \'check_violation\';\n        ', hash='23ada4bbc2dcebf5b87dfc88354819e4daed18ac', operation='UPDATE', pgid='pgtrigger_state_door_6e7e5', table='clocks_ladderrung', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='ladderrung',
                    trigger=pgtrigger.compiler.Trigger(name='state_birth', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.state NOT IN ('draft', 'noted'))", func="\n            RAISE EXCEPTION 'a row of % starts in an initial state', TG_TABLE_NAME\n                USING ERRCODE = 'check_violation';\n        ", hash='0e11fbc16a586eaa4021600636a3acbe0e8da117', operation='INSERT', pgid='pgtrigger_state_birth_67a7b', table='clocks_ladderrung', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='ladderrung',
                    trigger=pgtrigger.compiler.Trigger(name='new_edition', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO standards_edition (id, token) VALUES (1, gen_random_uuid()::text)\n                ON CONFLICT (id) DO UPDATE SET token = EXCLUDED.token;\n                RETURN NULL;\n            ', hash='13ee5dc5d8ab6f00e7952869363c923bbd2e1152', level='STATEMENT', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_new_edition_e4ba3', table='clocks_ladderrung', when='AFTER')),
                ),
                migrations.AddConstraint(
                    model_name='escalation',
                    constraint=models.UniqueConstraint(fields=('clock', 'code'), name='escalation_once'),
                ),
            ],
        ),
    ]
