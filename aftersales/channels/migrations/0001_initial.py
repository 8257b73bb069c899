import aftersales.core.folding
import aftersales.core.models
import aftersales.customers.models
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('customers', '0001_initial'),
        ('tickets', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        aftersales.core.folding.AllAtOnce(
            operations=[
                migrations.CreateModel(
                    name='Connection',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('code', models.SlugField(max_length=40, unique=True, verbose_name='code')),
                        ('name', models.CharField(max_length=80, verbose_name='name')),
                        ('kind', models.CharField(choices=[('phone', 'Telephone system'), ('chat', 'Chat system'), ('other', 'Other system')], max_length=8, verbose_name='kind of system')),
                        ('channel', models.CharField(choices=[('app', 'App'), ('web', 'Web'), ('chat', 'Chat'), ('phone', 'Phone'), ('message', 'Message'), ('email', 'E-mail'), ('social', 'Social media'), ('merchant', 'Merchant'), ('sheet', 'Sheet'), ('rule', 'Found by rule'), ('staff', 'Found by staff')], max_length=10, verbose_name='channel of its tickets')),
                        ('account_source', models.CharField(blank=True, help_text="As in the customers' accounts.", max_length=40, verbose_name='source of account ids')),
                        ('recording_hosts', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=120), blank=True, default=list, size=None, verbose_name='hosts of recordings')),
                        ('is_active', models.BooleanField(default=True, verbose_name='switched on')),
                        ('created_at', models.DateTimeField(verbose_name='added at')),
                    ],
                    options={
                        'verbose_name': 'connected system',
                        'verbose_name_plural': 'connected systems',
                        'ordering': ['name'],
                    },
                ),
                migrations.CreateModel(
                    name='ConnectionKey',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('salt', models.CharField(default=aftersales.core.models.new_public_id, max_length=22, verbose_name='salt')),
                        ('created_at', models.DateTimeField(verbose_name='made at')),
                        ('until', models.DateTimeField(null=True, verbose_name='counts until')),
                        ('connection', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='keys', to='channels.connection', verbose_name='connected system')),
                    ],
                    options={
                        'verbose_name': 'secret',
                        'verbose_name_plural': 'secrets',
                        'ordering': ['-id'],
                    },
                ),
                migrations.CreateModel(
                    name='HistoricalConnection',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('code', models.SlugField(max_length=40, verbose_name='code')),
                        ('name', models.CharField(max_length=80, verbose_name='name')),
                        ('kind', models.CharField(choices=[('phone', 'Telephone system'), ('chat', 'Chat system'), ('other', 'Other system')], max_length=8, verbose_name='kind of system')),
                        ('channel', models.CharField(choices=[('app', 'App'), ('web', 'Web'), ('chat', 'Chat'), ('phone', 'Phone'), ('message', 'Message'), ('email', 'E-mail'), ('social', 'Social media'), ('merchant', 'Merchant'), ('sheet', 'Sheet'), ('rule', 'Found by rule'), ('staff', 'Found by staff')], max_length=10, verbose_name='channel of its tickets')),
                        ('account_source', models.CharField(blank=True, help_text="As in the customers' accounts.", max_length=40, verbose_name='source of account ids')),
                        ('recording_hosts', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=120), blank=True, default=list, size=None, verbose_name='hosts of recordings')),
                        ('is_active', models.BooleanField(default=True, verbose_name='switched on')),
                        ('created_at', models.DateTimeField(verbose_name='added at')),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': 'historical connected system',
                        'verbose_name_plural': 'historical connected systems',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='HookRefusal',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('why', models.CharField(choices=[('unsigned', 'Not signed'), ('forged', 'The signature does not fit'), ('late', 'Too old, or the clock of the system is wrong'), ('off', 'The system is switched off'), ('too_large', 'Too large'), ('no_json', 'Not JSON'), ('too_deep', 'Built too deep'), ('too_many', 'Too many requests'), ('other_words', 'A known id with other content'), ('fields', 'Fields are missing or wrong')], max_length=12, verbose_name='why')),
                        ('size', models.PositiveIntegerField(default=0, verbose_name='size in bytes')),
                        ('at', models.DateTimeField(verbose_name='at')),
                        ('connection', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refusals', to='channels.connection', verbose_name='connected system')),
                    ],
                    options={
                        'verbose_name': 'refused request',
                        'verbose_name_plural': 'refused requests',
                        'ordering': ['-id'],
                    },
                ),
                migrations.CreateModel(
                    name='HookEvent',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('event_id', models.CharField(max_length=100, verbose_name='id of the request')),
                        ('kind', models.CharField(choices=[('conversation.started', 'Conversation began'), ('conversation.ended', 'Conversation ended'), ('conversation.abandoned', 'Hung up before anybody answered'), ('conversation.recording', 'Recording'), ('conversation.transcript', 'Transcript'), ('ping', 'Test')], max_length=30, verbose_name='told')),
                        ('ref', models.CharField(blank=True, max_length=100, verbose_name='id in the system')),
                        ('fingerprint', models.CharField(max_length=64, verbose_name='fingerprint')),
                        ('body', models.JSONField(default=dict, verbose_name='content')),
                        ('received_at', models.DateTimeField(verbose_name='received at')),
                        ('outcome', models.CharField(choices=[('waiting', 'Waiting'), ('done', 'Taken'), ('failed', 'Not taken')], default='waiting', max_length=8, verbose_name='outcome')),
                        ('error', models.CharField(blank=True, default='', max_length=300, verbose_name='last error')),
                        ('erased_at', models.DateTimeField(null=True, verbose_name='erased at')),
                        ('connection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='told', to='channels.connection', verbose_name='connected system')),
                    ],
                    options={
                        'verbose_name': 'told by a system',
                        'verbose_name_plural': 'told by systems',
                        'ordering': ['-id'],
                        'indexes': [models.Index(fields=['connection', '-id'], name='hook_event_newest'), models.Index(fields=['connection', 'ref'], name='hook_event_ref'), models.Index(condition=models.Q(('outcome', 'failed')), fields=['received_at'], name='hook_event_failed'), models.Index(condition=models.Q(('erased_at', None)), fields=['received_at'], name='hook_event_kept')],
                        'constraints': [models.UniqueConstraint(fields=('connection', 'event_id'), name='hook_event_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Letter',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.CharField(default=aftersales.core.models.new_public_id, editable=False, max_length=22, unique=True, verbose_name='public id')),
                        ('way', models.CharField(choices=[('imap', 'Mailbox'), ('pipe', 'Handed over by the mail server'), ('folder', 'Folder')], max_length=8, verbose_name='came by')),
                        ('message_id', models.CharField(blank=True, max_length=250, verbose_name='Message-ID')),
                        ('fingerprint', models.CharField(max_length=64, verbose_name='fingerprint')),
                        ('stored', models.CharField(blank=True, max_length=60, verbose_name='stored name')),
                        ('size', models.PositiveBigIntegerField(verbose_name='size in bytes')),
                        ('received_at', models.DateTimeField(verbose_name='received at')),
                        ('sender', models.CharField(blank=True, max_length=254, verbose_name='sender')),
                        ('subject', models.CharField(blank=True, max_length=200, verbose_name='subject')),
                        ('text', models.TextField(blank=True, verbose_name='text')),
                        ('quoted', models.TextField(blank=True, verbose_name='repeated text')),
                        ('refused_files', models.JSONField(default=list, verbose_name='files not taken')),
                        ('outcome', models.CharField(choices=[('waiting', 'Waiting to be read'), ('joined', 'Added to its ticket'), ('opened', 'Ticket opened'), ('held', 'To be decided'), ('quiet', 'Automatic, only recorded'), ('bounce', 'Our message came back'), ('dropped', 'Put aside'), ('failed', 'Could not be read')], default='waiting', max_length=8, verbose_name='outcome')),
                        ('why', models.CharField(blank=True, choices=[('', '–'), ('unknown_sender', 'Nobody is known by this address'), ('several_known', 'Several customers have this address'), ('other_sender', 'Answers a message that was sent to somebody else'), ('staff_address', 'The sender calls itself a colleague'), ('several_senders', 'Names no single sender'), ('hint', 'Names a ticket, but does not prove that it answers it'), ('too_many', 'Too many letters from this address'), ('auto', 'Automatic answer'), ('list', 'Mailing list or bulk mail'), ('loop', 'Our own message'), ('returned', 'Report about a message'), ('late', 'Report: delivery takes longer'), ('too_large', 'Too large'), ('too_deep', 'Built too deep to be read'), ('empty', 'Empty'), ('broken', 'Damaged')], default='', max_length=16, verbose_name='why')),
                        ('error', models.CharField(blank=True, default='', max_length=300, verbose_name='last error')),
                        ('done_at', models.DateTimeField(null=True, verbose_name='done at')),
                        ('erased_at', models.DateTimeField(null=True, verbose_name='erased at')),
                        ('customer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='letters', to='customers.customer', verbose_name='customer')),
                        ('hint', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tickets.ticket', verbose_name='may belong to')),
                        ('ticket', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='letters', to='tickets.ticket', verbose_name='ticket')),
                    ],
                    options={
                        'verbose_name': 'letter',
                        'verbose_name_plural': 'letters',
                        'ordering': ['-id'],
                        'indexes': [models.Index(fields=['sender', '-received_at'], name='letter_sender'), models.Index(condition=models.Q(('outcome__in', ['failed', 'held'])), fields=['received_at'], name='letter_held'), models.Index(fields=['outcome', '-id'], name='letter_outcome'), models.Index(condition=models.Q(('stored', ''), _negated=True), fields=['received_at'], name='letter_file'), models.Index(django.db.models.functions.text.Lower('sender'), condition=models.Q(('customer', None), ('erased_at', None)), name='letter_nobodys')],
                        'constraints': [models.UniqueConstraint(fields=('message_id', 'fingerprint'), name='letter_once'), models.CheckConstraint(condition=models.Q(('erased_at', None), models.Q(('quoted', ''), ('sender', ''), ('stored', ''), ('subject', ''), ('text', '')), _connector='OR'), name='letter_erased_is_empty')],
                    },
                ),
                migrations.CreateModel(
                    name='Talk',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.CharField(default=aftersales.core.models.new_public_id, editable=False, max_length=22, unique=True, verbose_name='public id')),
                        ('ref', models.CharField(max_length=100, verbose_name='id in the system')),
                        ('caller', models.CharField(blank=True, max_length=120, verbose_name='caller')),
                        ('caller_key', models.GeneratedField(db_persist=True, expression=models.Case(models.When(caller__regex='^[-+() .0-9]+$', then=aftersales.customers.models.RegexpReplace(aftersales.customers.models.RegexpReplace(models.F('caller'), models.Value('[^0-9]'), models.Value(''), models.Value('g')), models.Value('^(0086|86)(1[0-9]{10})$'), models.Value('\\2'), models.Value('g'))), default=models.F('caller'), output_field=models.CharField(max_length=120)), output_field=models.CharField(max_length=120))),
                        ('started_at', models.DateTimeField(null=True, verbose_name='began')),
                        ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
                        ('seconds', models.PositiveIntegerField(null=True, verbose_name='length in seconds')),
                        ('abandoned', models.BooleanField(default=False, verbose_name='nobody answered')),
                        ('recording', models.CharField(blank=True, max_length=500, verbose_name='recording')),
                        ('heard_at', models.DateTimeField(verbose_name='first heard of')),
                        ('erased_at', models.DateTimeField(null=True, verbose_name='erased at')),
                        ('agent', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='colleague')),
                        ('connection', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='talks', to='channels.connection', verbose_name='connected system')),
                        ('customer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='talks', to='customers.customer', verbose_name='customer')),
                        ('ticket', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='talks', to='tickets.ticket', verbose_name='ticket')),
                    ],
                    options={
                        'verbose_name': 'conversation',
                        'verbose_name_plural': 'conversations',
                        'ordering': ['-id'],
                        'indexes': [models.Index(condition=models.Q(('customer', None), ('erased_at', None)), fields=['caller_key'], name='talk_nobodys'), models.Index(condition=models.Q(('customer', None), ('erased_at', None)), fields=['heard_at'], name='talk_unclaimed')],
                        'constraints': [models.UniqueConstraint(fields=('connection', 'ref'), name='talk_once'), models.CheckConstraint(condition=models.Q(('erased_at', None), models.Q(('caller', ''), ('recording', '')), _connector='OR'), name='talk_erased_is_empty')],
                    },
                ),
            ],
        ),
    ]
