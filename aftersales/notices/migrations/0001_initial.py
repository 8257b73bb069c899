import aftersales.core.folding
import aftersales.core.models
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
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        aftersales.core.folding.AllAtOnce(
            operations=[
                migrations.CreateModel(
                    name='Gateway',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('code', models.SlugField(max_length=40, unique=True, verbose_name='code')),
                        ('name', models.CharField(max_length=80, verbose_name='name')),
                        ('form', models.CharField(choices=[('plain', 'Gateway of our own (text messages …)'), ('wecom', 'WeCom robot'), ('dingtalk', 'DingTalk robot'), ('feishu', 'Feishu robot')], default='plain', max_length=10, verbose_name='form')),
                        ('url', models.CharField(max_length=500, verbose_name='address')),
                        ('recipients', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('customer', 'Customer'), ('user', 'Colleague'), ('merchant', 'Merchant')], max_length=8), default=list, size=None, verbose_name='recipients')),
                        ('is_active', models.BooleanField(default=True, verbose_name='switched on')),
                        ('salt', models.CharField(default=aftersales.core.models.new_public_id, editable=False, max_length=22, verbose_name='salt')),
                        ('old_salt', models.CharField(blank=True, editable=False, max_length=22, verbose_name='earlier salt')),
                        ('old_until', models.DateTimeField(editable=False, null=True, verbose_name='earlier secret counts until')),
                        ('created_at', models.DateTimeField(verbose_name='added at')),
                    ],
                    options={
                        'verbose_name': 'gateway',
                        'verbose_name_plural': 'gateways',
                        'ordering': ['pk'],
                    },
                ),
                migrations.CreateModel(
                    name='NoticeTemplate',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('code', models.SlugField(max_length=60, unique=True, verbose_name='code')),
                        ('channels', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('email', 'E-mail'), ('in_app', 'In the system'), ('hook', 'Gateway')], max_length=8), default=list, size=None, verbose_name='channels')),
                        ('enabled', models.BooleanField(default=True, verbose_name='switched on')),
                    ],
                    options={
                        'verbose_name': 'kind of message',
                        'verbose_name_plural': 'kinds of messages',
                        'ordering': ['code'],
                    },
                ),
                migrations.CreateModel(
                    name='HistoricalGateway',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('code', models.SlugField(max_length=40, verbose_name='code')),
                        ('name', models.CharField(max_length=80, verbose_name='name')),
                        ('form', models.CharField(choices=[('plain', 'Gateway of our own (text messages …)'), ('wecom', 'WeCom robot'), ('dingtalk', 'DingTalk robot'), ('feishu', 'Feishu robot')], default='plain', max_length=10, verbose_name='form')),
                        ('recipients', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('customer', 'Customer'), ('user', 'Colleague'), ('merchant', 'Merchant')], max_length=8), default=list, size=None, verbose_name='recipients')),
                        ('is_active', models.BooleanField(default=True, verbose_name='switched on')),
                        ('old_until', models.DateTimeField(editable=False, null=True, verbose_name='earlier secret counts until')),
                        ('created_at', models.DateTimeField(verbose_name='added at')),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': 'historical gateway',
                        'verbose_name_plural': 'historical gateways',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='HistoricalNoticeTemplate',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('code', models.SlugField(max_length=60, verbose_name='code')),
                        ('channels', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('email', 'E-mail'), ('in_app', 'In the system'), ('hook', 'Gateway')], max_length=8), default=list, size=None, verbose_name='channels')),
                        ('enabled', models.BooleanField(default=True, verbose_name='switched on')),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': 'historical kind of message',
                        'verbose_name_plural': 'historical kinds of messages',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='HistoricalNoticeText',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('number', models.PositiveIntegerField(verbose_name='version number')),
                        ('state', models.CharField(choices=[('draft', 'Draft'), ('active', 'In force'), ('retired', 'Replaced'), ('rejected', 'Returned')], default='draft', max_length=10, verbose_name='state')),
                        ('subject_zh', models.CharField(max_length=200, verbose_name='Chinese subject')),
                        ('body_zh', models.TextField(verbose_name='Chinese text')),
                        ('subject_en', models.CharField(max_length=200, verbose_name='English subject')),
                        ('body_en', models.TextField(verbose_name='English text')),
                        ('source', models.CharField(choices=[('shipped', 'Shipped'), ('written', 'Written here')], default='written', max_length=8, verbose_name='source')),
                        ('drafted_at', models.DateTimeField(verbose_name='written at')),
                        ('activated_at', models.DateTimeField(blank=True, null=True, verbose_name='in force from')),
                        ('retired_at', models.DateTimeField(blank=True, null=True, verbose_name='in force until')),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('activated_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='brought into force by')),
                        ('drafted_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='written by')),
                        ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('template', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='notices.noticetemplate', verbose_name='kind of message')),
                    ],
                    options={
                        'verbose_name': 'historical message text',
                        'verbose_name_plural': 'historical message texts',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='NoticeText',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('number', models.PositiveIntegerField(verbose_name='version number')),
                        ('state', models.CharField(choices=[('draft', 'Draft'), ('active', 'In force'), ('retired', 'Replaced'), ('rejected', 'Returned')], default='draft', max_length=10, verbose_name='state')),
                        ('subject_zh', models.CharField(max_length=200, verbose_name='Chinese subject')),
                        ('body_zh', models.TextField(verbose_name='Chinese text')),
                        ('subject_en', models.CharField(max_length=200, verbose_name='English subject')),
                        ('body_en', models.TextField(verbose_name='English text')),
                        ('source', models.CharField(choices=[('shipped', 'Shipped'), ('written', 'Written here')], default='written', max_length=8, verbose_name='source')),
                        ('drafted_at', models.DateTimeField(verbose_name='written at')),
                        ('activated_at', models.DateTimeField(blank=True, null=True, verbose_name='in force from')),
                        ('retired_at', models.DateTimeField(blank=True, null=True, verbose_name='in force until')),
                        ('activated_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='brought into force by')),
                        ('drafted_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='written by')),
                        ('template', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='texts', to='notices.noticetemplate', verbose_name='kind of message')),
                    ],
                    options={
                        'verbose_name': 'message text',
                        'verbose_name_plural': 'message texts',
                        'ordering': ['template_id', '-number'],
                    },
                ),
                migrations.CreateModel(
                    name='Notice',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.CharField(default=aftersales.core.models.new_public_id, editable=False, max_length=22, unique=True, verbose_name='public id')),
                        ('source', models.CharField(max_length=60, verbose_name='kind of message')),
                        ('source_ref', models.CharField(max_length=200, verbose_name='reference')),
                        ('recipient_kind', models.CharField(choices=[('customer', 'Customer'), ('user', 'Colleague'), ('merchant', 'Merchant')], max_length=8, verbose_name='recipient')),
                        ('customer_id', models.BigIntegerField(null=True, verbose_name='customer')),
                        ('user_id', models.BigIntegerField(null=True, verbose_name='colleague')),
                        ('merchant_id', models.BigIntegerField(null=True, verbose_name='merchant')),
                        ('contact_id', models.BigIntegerField(null=True, verbose_name='contact')),
                        ('channel', models.CharField(choices=[('email', 'E-mail'), ('in_app', 'In the system'), ('hook', 'Gateway')], max_length=8, verbose_name='channel')),
                        ('language', models.CharField(choices=[('zh-hans', 'Simplified Chinese'), ('en', 'English')], max_length=10, verbose_name='language')),
                        ('subject', models.CharField(max_length=200, verbose_name='subject')),
                        ('body', models.TextField(verbose_name='text')),
                        ('subject_kind', models.CharField(max_length=60, verbose_name='about')),
                        ('subject_id', models.BigIntegerField(verbose_name='about no.')),
                        ('state', models.CharField(choices=[('queued', 'Queued'), ('sending', 'Being sent'), ('sent', 'Sent'), ('failed', 'Failed, will be tried again'), ('parked', 'Given up'), ('skipped', 'Not sent on purpose'), ('bounced', 'Came back')], default='queued', max_length=8, verbose_name='state')),
                        ('skip_reason', models.CharField(blank=True, choices=[('', '–'), ('no_address', 'No address is known'), ('bad_address', 'The address is not valid'), ('opted_out', 'The recipient does not want it'), ('erased', 'The personal data was erased'), ('outdated', 'Overtaken by events'), ('off', 'This message is switched off')], default='', max_length=12, verbose_name='why not')),
                        ('error', models.CharField(blank=True, default='', max_length=500, verbose_name='last error')),
                        ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                        ('created_by_id', models.BigIntegerField(null=True, verbose_name='caused by')),
                        ('created_at', models.DateTimeField(verbose_name='written at')),
                        ('claimed_at', models.DateTimeField(null=True, verbose_name='last tried at')),
                        ('sent_at', models.DateTimeField(null=True, verbose_name='sent at')),
                        ('read_at', models.DateTimeField(null=True, verbose_name='read at')),
                        ('erased_at', models.DateTimeField(null=True, verbose_name='erased at')),
                        ('text', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='notices.noticetext', verbose_name='message text')),
                    ],
                    options={
                        'verbose_name': 'message',
                        'verbose_name_plural': 'messages',
                        'ordering': ['-id'],
                    },
                ),
                migrations.AddConstraint(
                    model_name='noticetext',
                    constraint=models.UniqueConstraint(fields=('template', 'number'), name='notice_text_number'),
                ),
                migrations.AddConstraint(
                    model_name='noticetext',
                    constraint=models.UniqueConstraint(condition=models.Q(('state', 'active')), fields=('template',), name='notice_text_one_in_force'),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='noticetext',
                    trigger=pgtrigger.compiler.Trigger(name='state_door', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.state IS DISTINCT FROM NEW.state AND (COALESCE(current_setting('aftersales.move', true), '') || ':' || OLD.state || ':' || NEW.state) NOT IN ('activate:draft:active', 'reject:draft:rejected', 'retire:active:retired'))", func='\n            RAISE EXCEPTION \'the state of % % changes only through the door (% -> %)\',\n                TG_TABLE_NAME, OLD.id, OLD."state", NEW."state" USING ERRCODE = \'check_violation\';\n        ', hash='8874e2c5722f430e723d9bb751a0fd46783532f6', operation='UPDATE', pgid='pgtrigger_state_door_048c2', table='notices_noticetext', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='noticetext',
                    trigger=pgtrigger.compiler.Trigger(name='state_birth', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.state NOT IN ('draft'))", func="\n            RAISE EXCEPTION 'a row of % starts in an initial state', TG_TABLE_NAME\n                USING ERRCODE = 'check_violation';\n        ", hash='4e4cb084ccd682a9912133196f0f9a7694bd4bb5', operation='INSERT', pgid='pgtrigger_state_birth_2b195', table='notices_noticetext', when='BEFORE')),
                ),
                migrations.AddIndex(
                    model_name='notice',
                    index=models.Index(fields=['subject_kind', 'subject_id', 'id'], name='notice_subject'),
                ),
                migrations.AddIndex(
                    model_name='notice',
                    index=models.Index(condition=models.Q(('channel', 'in_app')), fields=['user_id', '-id'], name='notice_inbox'),
                ),
                migrations.AddIndex(
                    model_name='notice',
                    index=models.Index(condition=models.Q(('channel', 'in_app'), ('read_at', None)), fields=['user_id'], name='notice_unread'),
                ),
                migrations.AddIndex(
                    model_name='notice',
                    index=models.Index(condition=models.Q(('customer_id__isnull', False)), fields=['customer_id', '-id'], name='notice_customer'),
                ),
                migrations.AddIndex(
                    model_name='notice',
                    index=models.Index(fields=['state', '-id'], name='notice_state'),
                ),
                migrations.AddConstraint(
                    model_name='notice',
                    constraint=models.UniqueConstraint(fields=('source', 'source_ref'), name='notice_once'),
                ),
                migrations.AddConstraint(
                    model_name='notice',
                    constraint=models.CheckConstraint(condition=models.Q(models.Q(('customer_id__isnull', False), ('recipient_kind', 'customer'), ('user_id', None)), models.Q(('customer_id', None), ('recipient_kind', 'user'), ('user_id__isnull', False)), models.Q(('customer_id', None), ('merchant_id__isnull', False), ('recipient_kind', 'merchant'), ('user_id', None)), _connector='OR'), name='notice_one_recipient'),
                ),
                migrations.AddConstraint(
                    model_name='notice',
                    constraint=models.CheckConstraint(condition=models.Q(('erased_at', None), models.Q(('body', ''), ('subject', '')), _connector='OR'), name='notice_erased_is_empty'),
                ),
            ],
        ),
    ]
