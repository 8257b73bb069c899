import aftersales.core.folding
import aftersales.core.sheets.models
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        aftersales.core.folding.AllAtOnce(
            operations=[
                migrations.CreateModel(
                    name='Job',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(max_length=60, verbose_name='kind')),
                        ('key', models.CharField(max_length=200, unique=True, verbose_name='key')),
                        ('payload', models.JSONField(default=dict, verbose_name='payload')),
                        ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('parked', 'Parked')], default='waiting', max_length=10, verbose_name='state')),
                        ('run_after', models.DateTimeField(verbose_name='run after')),
                        ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                        ('lease_until', models.DateTimeField(null=True, verbose_name='lease until')),
                        ('progress_done', models.PositiveBigIntegerField(default=0, verbose_name='done')),
                        ('progress_total', models.PositiveBigIntegerField(default=0, verbose_name='total')),
                        ('result', models.JSONField(default=dict, verbose_name='result')),
                        ('error', models.TextField(blank=True, verbose_name='error')),
                        ('created_at', models.DateTimeField(verbose_name='created at')),
                        ('finished_at', models.DateTimeField(null=True, verbose_name='finished at')),
                    ],
                    options={
                        'verbose_name': 'job',
                        'verbose_name_plural': 'jobs',
                    },
                ),
                migrations.CreateModel(
                    name='Series',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=40, unique=True, verbose_name='code')),
                        ('pattern', models.CharField(max_length=80, verbose_name='pattern')),
                        ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                    ],
                    options={
                        'verbose_name': 'number series',
                        'verbose_name_plural': 'number series',
                    },
                ),
                migrations.CreateModel(
                    name='SeriesCounter',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=40, verbose_name='code')),
                        ('period', models.CharField(max_length=10, verbose_name='period')),
                        ('last', models.PositiveBigIntegerField(default=0, verbose_name='last number')),
                    ],
                    options={
                        'verbose_name': 'number counter',
                        'verbose_name_plural': 'number counters',
                    },
                ),
                migrations.CreateModel(
                    name='SheetExport',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.CharField(default=aftersales.core.sheets.models.new_public_id, editable=False, max_length=22, unique=True)),
                        ('sheet', models.CharField(max_length=40, verbose_name='sheet')),
                        ('format', models.CharField(max_length=4, verbose_name='format')),
                        ('columns', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), default=list, help_text='Empty means all.', size=None, verbose_name='columns')),
                        ('file_name', models.CharField(max_length=200, verbose_name='file name')),
                        ('stored_name', models.CharField(max_length=80)),
                        ('masked', models.BooleanField(default=True)),
                        ('row_count', models.PositiveBigIntegerField(default=0, verbose_name='rows')),
                        ('ready_at', models.DateTimeField(null=True, verbose_name='ready')),
                        ('expires_at', models.DateTimeField(verbose_name='expires')),
                        ('created_at', models.DateTimeField(verbose_name='asked for')),
                    ],
                    options={
                        'verbose_name': 'sheet export',
                        'verbose_name_plural': 'sheet exports',
                    },
                ),
                migrations.CreateModel(
                    name='SheetUpload',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.CharField(default=aftersales.core.sheets.models.new_public_id, editable=False, max_length=22, unique=True)),
                        ('sheet', models.CharField(max_length=40, verbose_name='sheet')),
                        ('profile', models.CharField(blank=True, default='', max_length=40, verbose_name='column profile')),
                        ('options', models.JSONField(default=dict, verbose_name='options')),
                        ('file_name', models.CharField(max_length=200, verbose_name='file name')),
                        ('stored_name', models.CharField(max_length=80)),
                        ('size', models.PositiveBigIntegerField(verbose_name='size')),
                        ('sha256', models.CharField(max_length=64, verbose_name='fingerprint')),
                        ('state', models.CharField(choices=[('uploaded', 'Being read'), ('previewed', 'Ready to look at'), ('applying', 'Being written'), ('done', 'Done'), ('refused', 'File refused'), ('cancelled', 'Cancelled')], default='uploaded', max_length=10, verbose_name='state')),
                        ('reading', models.JSONField(default=dict, verbose_name='how it was read')),
                        ('problem', models.JSONField(default=dict, verbose_name='why it was refused')),
                        ('counts', models.JSONField(default=dict, verbose_name='counts')),
                        ('checks', models.PositiveIntegerField(default=0, editable=False)),
                        ('applied_row', models.PositiveBigIntegerField(default=0, verbose_name='written up to row')),
                        ('uploaded_at', models.DateTimeField(verbose_name='uploaded')),
                        ('checked_at', models.DateTimeField(null=True, verbose_name='checked')),
                        ('confirmed_at', models.DateTimeField(null=True, verbose_name='confirmed')),
                        ('finished_at', models.DateTimeField(null=True, verbose_name='finished')),
                        ('purged_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'verbose_name': 'sheet upload',
                        'verbose_name_plural': 'sheet uploads',
                    },
                ),
                migrations.CreateModel(
                    name='ColumnProfile',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=40, verbose_name='code')),
                        ('sheet', models.CharField(max_length=40, verbose_name='sheet')),
                        ('name', models.CharField(max_length=120, verbose_name='name')),
                        ('spec', models.JSONField(default=dict, verbose_name='mapping')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('source', models.CharField(blank=True, default='', max_length=200, verbose_name='source')),
                        ('active_to', models.DateTimeField(blank=True, null=True, verbose_name='retired')),
                    ],
                    options={
                        'verbose_name': 'column profile',
                        'verbose_name_plural': 'column profiles',
                        'ordering': ['code', 'sheet'],
                        'constraints': [models.UniqueConstraint(fields=('code', 'sheet'), name='column_profile_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Delivery',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('consumer', models.CharField(max_length=60, verbose_name='consumer')),
                        ('event_id', models.BigIntegerField(verbose_name='event')),
                        ('subject_kind', models.CharField(max_length=60, verbose_name='subject kind')),
                        ('subject_id', models.BigIntegerField(verbose_name='subject')),
                        ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                        ('run_after', models.DateTimeField(verbose_name='run after')),
                        ('parked_at', models.DateTimeField(null=True, verbose_name='parked at')),
                        ('error', models.TextField(blank=True, verbose_name='error')),
                    ],
                    options={
                        'verbose_name': 'delivery',
                        'verbose_name_plural': 'deliveries',
                        'indexes': [models.Index(fields=['consumer', 'subject_kind', 'subject_id', 'id'], name='delivery_subject'), models.Index(condition=models.Q(('parked_at', None)), fields=['consumer', 'id'], name='delivery_open')],
                        'constraints': [models.UniqueConstraint(fields=('consumer', 'event_id'), name='delivery_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Event',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(max_length=60, verbose_name='kind')),
                        ('subject_kind', models.CharField(max_length=60, verbose_name='subject kind')),
                        ('subject_id', models.BigIntegerField(verbose_name='subject')),
                        ('merchant_id', models.BigIntegerField(null=True, verbose_name='merchant')),
                        ('audience', models.CharField(choices=[('internal', 'Staff only'), ('merchant', 'Merchant'), ('customer', 'Customer')], default='internal', max_length=10, verbose_name='audience')),
                        ('old', models.CharField(blank=True, max_length=40, verbose_name='old state')),
                        ('new', models.CharField(blank=True, max_length=40, verbose_name='new state')),
                        ('actor_id', models.BigIntegerField(null=True, verbose_name='actor')),
                        ('actor_name', models.CharField(max_length=150, verbose_name="actor's name")),
                        ('actor_role', models.CharField(blank=True, max_length=40, verbose_name="actor's role")),
                        ('acting_as', models.CharField(blank=True, max_length=80, verbose_name='acting as')),
                        ('source', models.CharField(max_length=10, verbose_name='source')),
                        ('request_id', models.CharField(blank=True, max_length=32, verbose_name='request')),
                        ('reason', models.TextField(blank=True, verbose_name='reason')),
                        ('payload', models.JSONField(default=dict, verbose_name='payload')),
                        ('payload_version', models.PositiveSmallIntegerField(default=1, verbose_name='payload version')),
                        ('rule_version', models.CharField(blank=True, max_length=80, verbose_name='rule version')),
                        ('at', models.DateTimeField(verbose_name='at')),
                        ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='recorded at')),
                    ],
                    options={
                        'verbose_name': 'event',
                        'verbose_name_plural': 'events',
                        'abstract': False,
                        'indexes': [models.Index(fields=['subject_kind', 'subject_id', 'id'], name='event_subject'), models.Index(fields=['kind', 'at'], name='event_kind_at'), models.Index(fields=['actor_id', 'id'], name='event_actor')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='event',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                IF TG_OP = 'UPDATE' AND current_setting('aftersales.retention', true) = 'on'\n                   AND current_user <> session_user AND NEW.reason = '[erased]'\n                   AND (to_jsonb(NEW) - 'reason') = (to_jsonb(OLD) - 'reason') THEN\n                    RETURN NEW;\n                END IF;\n                RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;\n            ", hash='587295c6cbec73b632b626ddc3d0e5c384c688f1', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_56466', table='core_event', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='event',
                    trigger=pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;", hash='c41eb9db480b0936d3bb26edaf519e6d3c29542e', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_65091', table='core_event', when='BEFORE')),
                ),
                migrations.AddIndex(
                    model_name='job',
                    index=models.Index(condition=models.Q(('state__in', ['waiting', 'running'])), fields=['run_after', 'id'], name='job_due'),
                ),
                migrations.AddIndex(
                    model_name='job',
                    index=models.Index(fields=['state', '-id'], name='job_state'),
                ),
                migrations.AddConstraint(
                    model_name='seriescounter',
                    constraint=models.UniqueConstraint(fields=('code', 'period'), name='series_period'),
                ),
                migrations.AddField(
                    model_name='sheetexport',
                    name='owner',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner'),
                ),
                migrations.AddField(
                    model_name='sheetupload',
                    name='owner',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner'),
                ),
                migrations.AddIndex(
                    model_name='sheetexport',
                    index=models.Index(fields=['owner', '-id'], name='sheet_export_owner'),
                ),
                migrations.AddIndex(
                    model_name='sheetupload',
                    index=models.Index(fields=['owner', '-id'], name='sheet_upload_owner'),
                ),
                migrations.AddIndex(
                    model_name='sheetupload',
                    index=models.Index(fields=['sha256'], name='sheet_upload_fingerprint'),
                ),
                migrations.AddIndex(
                    model_name='sheetupload',
                    index=models.Index(condition=models.Q(('state__in', ['uploaded', 'applying'])), fields=['id'], name='sheet_upload_working'),
                ),
                migrations.AddIndex(
                    model_name='sheetupload',
                    index=models.Index(condition=models.Q(('purged_at', None)), fields=['id'], name='sheet_upload_kept'),
                ),
            ],
        ),
    ]
