import aftersales.core.folding
import aftersales.core.models
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
import simple_history.models
from decimal import Decimal
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
                    name='Anchor',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('day', models.DateField(unique=True, verbose_name='day')),
                        ('digest', models.CharField(max_length=64, verbose_name='hash')),
                        ('last_id', models.BigIntegerField(verbose_name='up to transfer')),
                        ('transfers', models.PositiveBigIntegerField(verbose_name='transfers')),
                        ('made_at', models.DateTimeField(verbose_name='made at')),
                    ],
                    options={
                        'verbose_name': 'anchor',
                        'verbose_name_plural': 'anchors',
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='DayBalance',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('month', models.DateField(verbose_name='month')),
                        ('day', models.DateField(verbose_name='day')),
                        ('debits', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='debits')),
                        ('credits', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='credits')),
                        ('transfers', models.PositiveBigIntegerField(verbose_name='transfers')),
                        ('after_id', models.BigIntegerField(verbose_name='after transfer')),
                    ],
                    options={
                        'verbose_name': 'balance of a day',
                        'verbose_name_plural': 'balances of days',
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='Export',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.CharField(default=aftersales.core.models.new_public_id, editable=False, max_length=22, unique=True, verbose_name='public id')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('number', models.CharField(max_length=40, unique=True, verbose_name='number')),
                        ('kind', models.CharField(choices=[('payroll', 'Variable pay'), ('settlement', 'Settlement of merchants')], max_length=12, verbose_name='kind')),
                        ('month', models.DateField(verbose_name='month')),
                        ('unit', models.CharField(max_length=8, verbose_name='unit')),
                        ('part', models.PositiveSmallIntegerField(verbose_name='part')),
                        ('count', models.PositiveIntegerField(verbose_name='lines')),
                        ('total', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='total')),
                        ('sha256', models.CharField(max_length=64, verbose_name='fingerprint')),
                        ('made_at', models.DateTimeField(verbose_name='made at')),
                    ],
                    options={
                        'verbose_name': 'pay or settlement sheet',
                        'verbose_name_plural': 'pay and settlement sheets',
                    },
                ),
                migrations.CreateModel(
                    name='ExportGap',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.CharField(default=aftersales.core.models.new_public_id, editable=False, max_length=22, unique=True, verbose_name='public id')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('state', models.CharField(choices=[('open', 'To be looked into'), ('explained', 'Explained'), ('agreed', 'Agrees meanwhile')], default='open', max_length=10, verbose_name='state')),
                        ('kind', models.CharField(choices=[('less', 'Less was paid'), ('more', 'More was paid'), ('refused', 'Was not paid')], max_length=8, verbose_name='difference')),
                        ('paid', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='paid')),
                        ('found_at', models.DateTimeField(verbose_name='found at')),
                        ('words', models.CharField(blank=True, max_length=500, verbose_name='explanation')),
                        ('done_at', models.DateTimeField(null=True, verbose_name='worked off at')),
                    ],
                    options={
                        'verbose_name': 'difference of a sheet',
                        'verbose_name_plural': 'differences of sheets',
                    },
                ),
                migrations.CreateModel(
                    name='ExportLine',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('key', models.CharField(max_length=48, unique=True, verbose_name='key of the line')),
                        ('code', models.CharField(max_length=150, verbose_name='code')),
                        ('name', models.CharField(max_length=150, verbose_name='name')),
                        ('amount', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='amount')),
                    ],
                    options={
                        'verbose_name': 'line of a sheet',
                        'verbose_name_plural': 'lines of sheets',
                    },
                ),
                migrations.CreateModel(
                    name='HistoricalIncentiveRule',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('code', models.SlugField(max_length=60, verbose_name='code')),
                        ('name_zh', models.CharField(max_length=120, verbose_name='Chinese name')),
                        ('name_en', models.CharField(max_length=120, verbose_name='English name')),
                        ('party', models.CharField(choices=[('merchant', 'Merchant'), ('person', 'Person of the department')], max_length=10, verbose_name='party')),
                        ('consequence', models.CharField(choices=[('reward', 'Reward'), ('penalty', 'Penalty'), ('measure', 'Measure without money')], max_length=10, verbose_name='consequence')),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ],
                    options={
                        'verbose_name': 'historical incentive rule',
                        'verbose_name_plural': 'historical incentive rules',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='HistoricalIncentiveVersion',
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
                        ('trigger', models.CharField(max_length=60, verbose_name='raised by')),
                        ('duties', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('orders', 'Orders'), ('logistics', 'Logistics'), ('payment', 'Payment'), ('returns', 'Returns'), ('repair', 'Repair'), ('complaints', 'Complaints'), ('emergency', 'Emergency'), ('process', 'Process'), ('authority', 'Authority matters')], max_length=60), blank=True, default=list, size=None, verbose_name='duties')),
                        ('categories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None, verbose_name='main categories')),
                        ('unit', models.CharField(default='points', max_length=8, verbose_name='unit')),
                        ('amount', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, verbose_name='amount each time')),
                        ('cap', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, verbose_name='at most in a month')),
                        ('measure', models.CharField(blank=True, choices=[('honour', 'Honour title'), ('talk', 'Talk'), ('training', 'Training order'), ('criticism', 'Criticism notice inside the team'), ('warning', 'Warning')], max_length=12, verbose_name='measure')),
                        ('from_count', models.PositiveSmallIntegerField(default=1, verbose_name='from how many times in a month')),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ],
                    options={
                        'verbose_name': 'historical version of an incentive rule',
                        'verbose_name_plural': 'historical versions of incentive rules',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='IncentiveRule',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('code', models.SlugField(max_length=60, unique=True, verbose_name='code')),
                        ('name_zh', models.CharField(max_length=120, verbose_name='Chinese name')),
                        ('name_en', models.CharField(max_length=120, verbose_name='English name')),
                        ('party', models.CharField(choices=[('merchant', 'Merchant'), ('person', 'Person of the department')], max_length=10, verbose_name='party')),
                        ('consequence', models.CharField(choices=[('reward', 'Reward'), ('penalty', 'Penalty'), ('measure', 'Measure without money')], max_length=10, verbose_name='consequence')),
                    ],
                    options={
                        'verbose_name': 'incentive rule',
                        'verbose_name_plural': 'incentive rules',
                        'ordering': ['code'],
                    },
                ),
                migrations.CreateModel(
                    name='IncentiveVersion',
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
                        ('trigger', models.CharField(max_length=60, verbose_name='raised by')),
                        ('duties', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('orders', 'Orders'), ('logistics', 'Logistics'), ('payment', 'Payment'), ('returns', 'Returns'), ('repair', 'Repair'), ('complaints', 'Complaints'), ('emergency', 'Emergency'), ('process', 'Process'), ('authority', 'Authority matters')], max_length=60), blank=True, default=list, size=None, verbose_name='duties')),
                        ('categories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None, verbose_name='main categories')),
                        ('unit', models.CharField(default='points', max_length=8, verbose_name='unit')),
                        ('amount', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, verbose_name='amount each time')),
                        ('cap', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, verbose_name='at most in a month')),
                        ('measure', models.CharField(blank=True, choices=[('honour', 'Honour title'), ('talk', 'Talk'), ('training', 'Training order'), ('criticism', 'Criticism notice inside the team'), ('warning', 'Warning')], max_length=12, verbose_name='measure')),
                        ('from_count', models.PositiveSmallIntegerField(default=1, verbose_name='from how many times in a month')),
                    ],
                    options={
                        'verbose_name': 'version of an incentive rule',
                        'verbose_name_plural': 'versions of incentive rules',
                        'ordering': ['rule_id', '-number'],
                    },
                ),
                migrations.CreateModel(
                    name='Journal',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.CharField(default=aftersales.core.models.new_public_id, editable=False, max_length=22, unique=True, verbose_name='public id')),
                        ('kind', models.CharField(choices=[('deposit', 'Deposit paid in'), ('deposit_back', 'Deposit paid back'), ('settlement', 'Settlement'), ('refund', 'Refund'), ('compensation', 'Compensation'), ('freight', 'Freight'), ('advance', 'Platform paid first'), ('recovery', 'Recovery'), ('penalty', 'Penalty'), ('incentive', 'Incentive'), ('write_off', 'Write-off'), ('ruling', 'Ruling'), ('paid', 'Paid by a pay or settlement sheet'), ('reversal', 'Reversal')], max_length=16, verbose_name='kind')),
                        ('source_kind', models.CharField(max_length=60, verbose_name='source')),
                        ('source_id', models.BigIntegerField(verbose_name="source's key")),
                        ('month', models.DateField(verbose_name='month')),
                        ('booked_at', models.DateTimeField(verbose_name='booked at')),
                        ('lines', models.PositiveSmallIntegerField(verbose_name='lines')),
                        ('total', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='total')),
                        ('unit', models.CharField(blank=True, help_text='Empty when it has several.', max_length=8, verbose_name='unit')),
                        ('about_people', models.BooleanField(default=False, verbose_name='about people of the department')),
                        ('merchant_id', models.BigIntegerField(null=True, verbose_name='merchant')),
                        ('reverses_id', models.BigIntegerField(null=True, verbose_name='turns back')),
                        ('rule_version', models.CharField(blank=True, max_length=80, verbose_name='rule version')),
                        ('actor_id', models.BigIntegerField(verbose_name='posted by')),
                        ('actor_name', models.CharField(max_length=150, verbose_name='name')),
                    ],
                    options={
                        'verbose_name': 'journal entry',
                        'verbose_name_plural': 'journal entries',
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='PaidLine',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('outcome', models.CharField(choices=[('paid', 'Paid'), ('refused', 'Not paid')], max_length=8, verbose_name='outcome')),
                        ('ref', models.CharField(max_length=64, verbose_name='reference')),
                        ('amount', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='amount')),
                        ('happened_at', models.DateTimeField(verbose_name='happened at')),
                        ('reason', models.CharField(blank=True, default='', max_length=120, verbose_name='reason')),
                        ('taken_at', models.DateTimeField(verbose_name='taken in at')),
                    ],
                    options={
                        'verbose_name': 'paid line',
                        'verbose_name_plural': 'paid lines',
                    },
                ),
                migrations.CreateModel(
                    name='Period',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('month', models.DateField(unique=True, verbose_name='month')),
                        ('ends_at', models.DateTimeField(verbose_name='ends at')),
                        ('state', models.CharField(choices=[('open', 'Open'), ('closed', 'Closed')], default='open', max_length=8, verbose_name='state')),
                        ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed at')),
                    ],
                    options={
                        'verbose_name': 'month',
                        'verbose_name_plural': 'months',
                        'ordering': ['-month'],
                    },
                ),
                migrations.CreateModel(
                    name='Proposal',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.CharField(default=aftersales.core.models.new_public_id, editable=False, max_length=22, unique=True, verbose_name='public id')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('number', models.CharField(max_length=40, unique=True, verbose_name='number')),
                        ('kind', models.CharField(choices=[('penalty', 'Penalty'), ('incentive', 'Incentive'), ('deduction', 'Deduction'), ('recovery', 'Recovery'), ('measure', 'Measure'), ('loss', 'Compensation of a loss')], max_length=12, verbose_name='kind')),
                        ('state', models.CharField(choices=[('proposed', 'Proposed'), ('notified', 'Party told, appeal open'), ('appealed', 'Appealed'), ('upheld', 'Appeal rejected'), ('approved', 'Approved'), ('posted', 'Posted'), ('overturned', 'Overturned on appeal'), ('reversed', 'Turned back'), ('withdrawn', 'Withdrawn'), ('cancelled', 'Cancelled')], default='proposed', max_length=12, verbose_name='state')),
                        ('party', models.CharField(choices=[('merchant', 'Merchant'), ('person', 'Person of the department')], max_length=10, verbose_name='party')),
                        ('party_id', models.BigIntegerField(verbose_name="party's key")),
                        ('merchant_id', models.BigIntegerField(null=True, verbose_name='merchant')),
                        ('unit', models.CharField(max_length=8, verbose_name='unit')),
                        ('amount', models.DecimalField(decimal_places=2, max_digits=14, null=True, verbose_name='amount')),
                        ('measure', models.CharField(blank=True, choices=[('honour', 'Honour title'), ('talk', 'Talk'), ('training', 'Training order'), ('criticism', 'Criticism notice inside the team'), ('warning', 'Warning')], max_length=12, verbose_name='measure')),
                        ('beneficiary', models.CharField(choices=[('merchant_deposit', "Merchant's deposit"), ('merchant_payable', 'Owed to the merchant'), ('merchant_receivable', 'Owed by the merchant'), ('merchant_points', "Merchant's points"), ('customer', 'Paid to the customer'), ('staff_bonus', "Person's bonus"), ('staff_points', "Person's points"), ('platform_cash', "Platform's money"), ('platform_cost', "Platform's cost"), ('platform_points', 'Points given out'), ('platform_clearing', 'Clearing of wages and settlements'), ('consumer_protection', 'Consumer protection'), ('written_off', 'Written off')], default='consumer_protection', max_length=24, verbose_name='goes to')),
                        ('fact_code', models.CharField(max_length=60, verbose_name='fact')),
                        ('citation', models.CharField(max_length=120, verbose_name='rule')),
                        ('calculation', models.JSONField(blank=True, default=dict, verbose_name='calculation')),
                        ('evidence', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), blank=True, default=list, size=None, verbose_name='evidence')),
                        ('source_kind', models.CharField(max_length=60, verbose_name='source')),
                        ('source_id', models.BigIntegerField(verbose_name="source's key")),
                        ('proposed_at', models.DateTimeField(verbose_name='proposed at')),
                        ('notified_at', models.DateTimeField(null=True, verbose_name='told at')),
                        ('appeal_until', models.DateTimeField(null=True, verbose_name='appeal until')),
                        ('appealed_at', models.DateTimeField(null=True, verbose_name='appealed at')),
                        ('appeal_words', models.TextField(blank=True, max_length=4000, verbose_name='appeal')),
                        ('heard_at', models.DateTimeField(null=True, verbose_name='heard at')),
                        ('appeal_answer', models.TextField(blank=True, max_length=4000, verbose_name='answer to the appeal')),
                        ('approved_at', models.DateTimeField(null=True, verbose_name='approved at')),
                        ('posted_at', models.DateTimeField(null=True, verbose_name='posted at')),
                        ('journal_id', models.BigIntegerField(null=True, verbose_name='entry')),
                    ],
                    options={
                        'verbose_name': 'proposal',
                        'verbose_name_plural': 'proposals',
                        'ordering': ['-pk'],
                    },
                ),
                migrations.CreateModel(
                    name='ProposalFile',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.CharField(default=aftersales.core.models.new_public_id, editable=False, max_length=22, unique=True, verbose_name='public id')),
                        ('purpose', models.CharField(choices=[('proof', 'Proof of the loss'), ('appeal', 'Brought with the appeal')], max_length=10, verbose_name='purpose')),
                        ('at', models.DateTimeField(verbose_name='at')),
                        ('name', models.CharField(max_length=200, verbose_name='stored name')),
                        ('original_name', models.CharField(max_length=200, verbose_name='file name')),
                        ('content_type', models.CharField(max_length=100, verbose_name='content type')),
                        ('size', models.PositiveBigIntegerField(verbose_name='size in bytes')),
                        ('sha256', models.CharField(max_length=64, verbose_name='fingerprint')),
                    ],
                    options={
                        'verbose_name': 'file of a proposal',
                        'verbose_name_plural': 'files of proposals',
                        'ordering': ['at', 'id'],
                    },
                ),
                migrations.CreateModel(
                    name='Raised',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('citation', models.CharField(max_length=120, verbose_name='version')),
                        ('party', models.CharField(choices=[('merchant', 'Merchant'), ('person', 'Person of the department')], max_length=10, verbose_name='party')),
                        ('party_id', models.BigIntegerField(verbose_name="party's key")),
                        ('month', models.DateField(verbose_name='month')),
                        ('times', models.PositiveIntegerField(verbose_name='how often')),
                        ('amount', models.DecimalField(decimal_places=2, max_digits=14, null=True, verbose_name='amount')),
                        ('events', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None, verbose_name='events')),
                        ('at', models.DateTimeField(verbose_name='at')),
                    ],
                    options={
                        'verbose_name': 'month by an incentive rule',
                        'verbose_name_plural': 'months by incentive rules',
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='Scheme',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.CharField(default=aftersales.core.models.new_public_id, editable=False, max_length=22, unique=True, verbose_name='public id')),
                        ('title', models.CharField(max_length=120, verbose_name='title')),
                        ('adopted_on', models.DateField(verbose_name='adopted on')),
                        ('record_number', models.CharField(max_length=60, unique=True, verbose_name='record number')),
                        ('at', models.DateTimeField(verbose_name='at')),
                        ('name', models.CharField(max_length=200, verbose_name='stored name')),
                        ('original_name', models.CharField(max_length=200, verbose_name='file name')),
                        ('content_type', models.CharField(max_length=100, verbose_name='content type')),
                        ('size', models.PositiveBigIntegerField(verbose_name='size in bytes')),
                        ('sha256', models.CharField(max_length=64, verbose_name='fingerprint')),
                    ],
                    options={
                        'verbose_name': 'scheme adopted with staff',
                        'verbose_name_plural': 'schemes adopted with staff',
                        'ordering': ['-adopted_on', '-id'],
                    },
                ),
                migrations.CreateModel(
                    name='Seal',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('after_id', models.BigIntegerField(verbose_name='after transfer')),
                        ('last_id', models.BigIntegerField(unique=True, verbose_name='up to transfer')),
                        ('transfers', models.PositiveIntegerField(verbose_name='transfers')),
                        ('leaves', models.BinaryField(verbose_name='hashes of the rows')),
                        ('previous', models.CharField(blank=True, max_length=64, verbose_name='hash before')),
                        ('digest', models.CharField(max_length=64, unique=True, verbose_name='hash')),
                        ('sealed_at', models.DateTimeField(verbose_name='sealed at')),
                    ],
                    options={
                        'verbose_name': 'seal',
                        'verbose_name_plural': 'seals',
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='Transfer',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('journal_id', models.BigIntegerField(verbose_name='entry')),
                        ('line', models.PositiveSmallIntegerField(verbose_name='line')),
                        ('month', models.DateField(verbose_name='month')),
                        ('unit', models.CharField(max_length=8, verbose_name='unit')),
                        ('amount', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='amount')),
                        ('debit_balance', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='debit account after it')),
                        ('credit_balance', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='credit account after it')),
                        ('booked_at', models.DateTimeField(verbose_name='booked at')),
                    ],
                    options={
                        'verbose_name': 'transfer',
                        'verbose_name_plural': 'transfers',
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='Account',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.CharField(default=aftersales.core.models.new_public_id, editable=False, max_length=22, unique=True, verbose_name='public id')),
                        ('kind', models.CharField(choices=[('merchant_deposit', "Merchant's deposit"), ('merchant_payable', 'Owed to the merchant'), ('merchant_receivable', 'Owed by the merchant'), ('merchant_points', "Merchant's points"), ('customer', 'Paid to the customer'), ('staff_bonus', "Person's bonus"), ('staff_points', "Person's points"), ('platform_cash', "Platform's money"), ('platform_cost', "Platform's cost"), ('platform_points', 'Points given out'), ('platform_clearing', 'Clearing of wages and settlements'), ('consumer_protection', 'Consumer protection'), ('written_off', 'Written off')], max_length=24, verbose_name='account')),
                        ('subject_id', models.BigIntegerField(default=0, help_text="0 for the platform's own.", verbose_name='subject')),
                        ('unit', models.CharField(help_text='A currency, or points.', max_length=8, verbose_name='unit')),
                        ('debits', models.DecimalField(decimal_places=2, default=Decimal('0'), max_digits=18, verbose_name='debits')),
                        ('credits', models.DecimalField(decimal_places=2, default=Decimal('0'), max_digits=18, verbose_name='credits')),
                        ('transfers', models.PositiveBigIntegerField(default=0, verbose_name='transfers')),
                        ('overdraft', models.DecimalField(decimal_places=2, default=Decimal('0'), max_digits=18, verbose_name='allowed below zero')),
                        ('opened_at', models.DateTimeField(verbose_name='opened at')),
                    ],
                    options={
                        'verbose_name': 'account',
                        'verbose_name_plural': 'accounts',
                        'indexes': [models.Index(fields=['subject_id', 'kind'], name='account_subject')],
                        'constraints': [models.UniqueConstraint(fields=('kind', 'subject_id', 'unit'), name='account_once'), models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['consumer_protection', 'merchant_deposit', 'merchant_payable']), _negated=True), ('credits__gte', django.db.models.expressions.CombinedExpression(models.F('debits'), '-', models.F('overdraft'))), _connector='OR'), name='account_not_below_zero'), models.CheckConstraint(condition=models.Q(('credits__gte', 0), ('debits__gte', 0), ('overdraft__gte', 0)), name='account_sums')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='anchor',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='6a926177caadbffbee3c29ebff337986352d70fe', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_124ab', table='ledger_anchor', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='anchor',
                    trigger=pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;", hash='49768c81c8a0c5cc1837bcc25d612aa6c3426f6d', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_f42ef', table='ledger_anchor', when='BEFORE')),
                ),
                migrations.AddField(
                    model_name='daybalance',
                    name='account',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='days', to='ledger.account', verbose_name='account'),
                ),
                migrations.AddField(
                    model_name='export',
                    name='made_by',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='made by'),
                ),
                migrations.AddField(
                    model_name='exportgap',
                    name='done_by',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='worked off by'),
                ),
                migrations.AddField(
                    model_name='exportline',
                    name='account',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.account', verbose_name='account'),
                ),
                migrations.AddField(
                    model_name='exportline',
                    name='export',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rows', to='ledger.export', verbose_name='sheet'),
                ),
                migrations.AddField(
                    model_name='exportgap',
                    name='line',
                    field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='gap', to='ledger.exportline', verbose_name='line of a sheet'),
                ),
                migrations.AddField(
                    model_name='historicalincentiverule',
                    name='history_user',
                    field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AddField(
                    model_name='historicalincentiveversion',
                    name='activated_by',
                    field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='activated by'),
                ),
                migrations.AddField(
                    model_name='historicalincentiveversion',
                    name='drafted_by',
                    field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='drafted by'),
                ),
                migrations.AddField(
                    model_name='historicalincentiveversion',
                    name='history_user',
                    field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AddField(
                    model_name='historicalincentiveversion',
                    name='rule',
                    field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='ledger.incentiverule', verbose_name='rule'),
                ),
                migrations.AddField(
                    model_name='incentiveversion',
                    name='activated_by',
                    field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='activated by'),
                ),
                migrations.AddField(
                    model_name='incentiveversion',
                    name='drafted_by',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='drafted by'),
                ),
                migrations.AddField(
                    model_name='incentiveversion',
                    name='rule',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='ledger.incentiverule', verbose_name='rule'),
                ),
                migrations.AddIndex(
                    model_name='journal',
                    index=models.Index(fields=['merchant_id', '-id'], name='journal_merchant'),
                ),
                migrations.AddIndex(
                    model_name='journal',
                    index=models.Index(fields=['kind', '-id'], name='journal_kind'),
                ),
                migrations.AddIndex(
                    model_name='journal',
                    index=models.Index(condition=models.Q(('about_people', True)), fields=['-id'], name='journal_people'),
                ),
                migrations.AddConstraint(
                    model_name='journal',
                    constraint=models.UniqueConstraint(fields=('kind', 'source_kind', 'source_id'), name='journal_source_once'),
                ),
                migrations.AddConstraint(
                    model_name='journal',
                    constraint=models.UniqueConstraint(condition=models.Q(('reverses_id', None), _negated=True), fields=('reverses_id',), name='journal_reversed_once'),
                ),
                migrations.AddConstraint(
                    model_name='journal',
                    constraint=models.CheckConstraint(condition=models.Q(('lines__gte', 1), ('total__gt', 0)), name='journal_not_empty'),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='journal',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='2776f1fce494c9973f594b57e9313047e5305c40', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_4d2c8', table='ledger_journal', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='journal',
                    trigger=pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;", hash='2c95f84eeed64d9a8f903e5fa842beb6b04d9c28', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_b3cf0', table='ledger_journal', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='journal',
                    trigger=pgtrigger.compiler.Trigger(name='closed_month', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                IF EXISTS (SELECT 1 FROM ledger_period WHERE month = NEW.month AND state = 'closed') THEN\n                    RAISE EXCEPTION 'the month % is closed', NEW.month USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NEW;\n            ", hash='bfef0b2ae1f1ff6a5185c1464a5ccf957ca9b185', operation='INSERT', pgid='pgtrigger_closed_month_dfc10', table='ledger_journal', when='BEFORE')),
                ),
                migrations.AddField(
                    model_name='paidline',
                    name='line',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='told', to='ledger.exportline', verbose_name='line of a sheet'),
                ),
                migrations.AddField(
                    model_name='paidline',
                    name='taken_by',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='taken in by'),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='period',
                    trigger=pgtrigger.compiler.Trigger(name='state_door', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.state IS DISTINCT FROM NEW.state AND (COALESCE(current_setting('aftersales.move', true), '') || ':' || OLD.state || ':' || NEW.state) NOT IN ('close:open:closed'))", func='\n            RAISE EXCEPTION \'the state of % % changes only through the door (% -> %)\',\n                TG_TABLE_NAME, OLD.id, OLD."state", NEW."state" USING ERRCODE = \'check_violation\';\n        ', hash='5ee4affd0b2be8a39513ced5928881ac59f50d40', operation='UPDATE', pgid='pgtrigger_state_door_cf4ae', table='ledger_period', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='period',
                    trigger=pgtrigger.compiler.Trigger(name='state_birth', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.state NOT IN ('open'))", func="\n            RAISE EXCEPTION 'a row of % starts in an initial state', TG_TABLE_NAME\n                USING ERRCODE = 'check_violation';\n        ", hash='5faa52882869f305656bbd32e850123708bfc93f', operation='INSERT', pgid='pgtrigger_state_birth_89288', table='ledger_period', when='BEFORE')),
                ),
                migrations.AddField(
                    model_name='proposal',
                    name='appealed_by',
                    field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='appealed by'),
                ),
                migrations.AddField(
                    model_name='proposal',
                    name='approved_by',
                    field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='approved by'),
                ),
                migrations.AddField(
                    model_name='proposal',
                    name='heard_by',
                    field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='heard by'),
                ),
                migrations.AddField(
                    model_name='proposal',
                    name='notified_by',
                    field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='told by'),
                ),
                migrations.AddField(
                    model_name='proposal',
                    name='proposed_by',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='proposed by'),
                ),
                migrations.AddField(
                    model_name='proposalfile',
                    name='by',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='brought by'),
                ),
                migrations.AddField(
                    model_name='proposalfile',
                    name='proposal',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='ledger.proposal', verbose_name='proposal'),
                ),
                migrations.AddField(
                    model_name='raised',
                    name='rule',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.incentiverule', verbose_name='rule'),
                ),
                migrations.AddField(
                    model_name='scheme',
                    name='by',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='registered by'),
                ),
                migrations.AddField(
                    model_name='incentiveversion',
                    name='scheme',
                    field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='ledger.scheme', verbose_name='scheme adopted with staff'),
                ),
                migrations.AddField(
                    model_name='historicalincentiveversion',
                    name='scheme',
                    field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='ledger.scheme', verbose_name='scheme adopted with staff'),
                ),
                migrations.AddConstraint(
                    model_name='seal',
                    constraint=models.CheckConstraint(condition=models.Q(('last_id__gt', models.F('after_id')), ('transfers__gte', 1)), name='seal_run'),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='seal',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='f83a6923d956c167d9f218e4e77841a9a816683d', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_addd1', table='ledger_seal', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='seal',
                    trigger=pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;", hash='fdc9b9bea2cc33a3464d5d9506fccb422a6d7a9e', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_5723d', table='ledger_seal', when='BEFORE')),
                ),
                migrations.AddField(
                    model_name='transfer',
                    name='credit',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='credited', to='ledger.account', verbose_name='credit'),
                ),
                migrations.AddField(
                    model_name='transfer',
                    name='debit',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='debited', to='ledger.account', verbose_name='debit'),
                ),
                migrations.AddConstraint(
                    model_name='daybalance',
                    constraint=models.UniqueConstraint(fields=('account', 'day'), name='day_balance_once'),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='daybalance',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='f79d5fba94a8592b6b64926d11deada9f6b1edb0', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_1510b', table='ledger_daybalance', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='daybalance',
                    trigger=pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;", hash='643e9defa9d47bb29c5174e09bd7d26497636c0a', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_428f0', table='ledger_daybalance', when='BEFORE')),
                ),
                migrations.AddConstraint(
                    model_name='export',
                    constraint=models.UniqueConstraint(fields=('kind', 'month', 'unit', 'part'), name='export_part_once'),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='export',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='2e57b8dbbaaf439fda9ce9aede6038864cbe2ebd', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_fe0d8', table='ledger_export', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='export',
                    trigger=pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;", hash='62a96dc405726356070a92bf908f3865fc573ce6', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_ab70c', table='ledger_export', when='BEFORE')),
                ),
                migrations.AddConstraint(
                    model_name='exportline',
                    constraint=models.UniqueConstraint(fields=('export', 'account'), name='export_account_once'),
                ),
                migrations.AddConstraint(
                    model_name='exportline',
                    constraint=models.CheckConstraint(condition=models.Q(('amount', 0), _negated=True), name='export_line_amount'),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='exportline',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='02b765485333fd8fdbc6049df744ab94b674e583', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_8593e', table='ledger_exportline', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='exportline',
                    trigger=pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;", hash='2a105a47cace61421c6ee2084783c5409fc44aa9', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_62f80', table='ledger_exportline', when='BEFORE')),
                ),
                migrations.AddIndex(
                    model_name='exportgap',
                    index=models.Index(fields=['state', '-id'], name='export_gap_state'),
                ),
                migrations.AddConstraint(
                    model_name='exportgap',
                    constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'explained'), _negated=True), models.Q(models.Q(('words', ''), _negated=True), ('done_by__isnull', False)), _connector='OR'), name='export_gap_explained'),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='exportgap',
                    trigger=pgtrigger.compiler.Trigger(name='state_door', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.state IS DISTINCT FROM NEW.state AND (COALESCE(current_setting('aftersales.move', true), '') || ':' || OLD.state || ':' || NEW.state) NOT IN ('explain:open:explained', 'agree:open:agreed', 'agree:explained:agreed', 'reopen:explained:open', 'reopen:agreed:open'))", func='\n            RAISE EXCEPTION \'the state of % % changes only through the door (% -> %)\',\n                TG_TABLE_NAME, OLD.id, OLD."state", NEW."state" USING ERRCODE = \'check_violation\';\n        ', hash='4eb91b359e5a03efcdf7a27b712a819958d78003', operation='UPDATE', pgid='pgtrigger_state_door_7d3b3', table='ledger_exportgap', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='exportgap',
                    trigger=pgtrigger.compiler.Trigger(name='state_birth', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.state NOT IN ('open'))", func="\n            RAISE EXCEPTION 'a row of % starts in an initial state', TG_TABLE_NAME\n                USING ERRCODE = 'check_violation';\n        ", hash='2e61370e43de8651a854a6e46953cab4d01b7960', operation='INSERT', pgid='pgtrigger_state_birth_b0ff3', table='ledger_exportgap', when='BEFORE')),
                ),
                migrations.AddConstraint(
                    model_name='paidline',
                    constraint=models.UniqueConstraint(fields=('line', 'outcome', 'ref'), name='paid_line_once'),
                ),
                migrations.AddConstraint(
                    model_name='paidline',
                    constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount', 0), _negated=True), models.Q(('ref', ''), _negated=True)), name='paid_line_said'),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='paidline',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='bcfaa9046abc029ea09c0cb40b858c927b9d88e3', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_74ccf', table='ledger_paidline', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='paidline',
                    trigger=pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;", hash='986a29c93a1e235fa926da51eb3fe3c2bc421ecc', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_94c5f', table='ledger_paidline', when='BEFORE')),
                ),
                migrations.AddIndex(
                    model_name='proposal',
                    index=models.Index(fields=['state', '-id'], name='proposal_state'),
                ),
                migrations.AddIndex(
                    model_name='proposal',
                    index=models.Index(fields=['party', 'party_id', '-id'], name='proposal_party'),
                ),
                migrations.AddConstraint(
                    model_name='proposal',
                    constraint=models.UniqueConstraint(fields=('kind', 'source_kind', 'source_id'), name='proposal_source_once'),
                ),
                migrations.AddConstraint(
                    model_name='proposal',
                    constraint=models.UniqueConstraint(condition=models.Q(('kind__in', ['deduction', 'loss', 'measure', 'penalty']), models.Q(('state__in', ['cancelled', 'overturned', 'reversed', 'withdrawn']), _negated=True)), fields=('source_kind', 'source_id', 'party', 'party_id'), name='proposal_one_consequence'),
                ),
                migrations.AddConstraint(
                    model_name='proposal',
                    constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount__gt', 0), ('measure', '')), models.Q(('amount', None), ('kind', 'measure'), models.Q(('measure', ''), _negated=True)), _connector='OR'), name='proposal_amount'),
                ),
                migrations.AddConstraint(
                    model_name='proposal',
                    constraint=models.CheckConstraint(condition=models.Q(('approved_by', None), models.Q(('approved_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='proposal_second_person'),
                ),
                migrations.AddConstraint(
                    model_name='proposal',
                    constraint=models.CheckConstraint(condition=models.Q(('heard_by', None), models.Q(models.Q(('heard_by', models.F('proposed_by')), _negated=True), models.Q(('heard_by', models.F('appealed_by')), _negated=True)), _connector='OR'), name='proposal_heard_by_another'),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='proposal',
                    trigger=pgtrigger.compiler.Trigger(name='state_door', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.state IS DISTINCT FROM NEW.state AND (COALESCE(current_setting('aftersales.move', true), '') || ':' || OLD.state || ':' || NEW.state) NOT IN ('notify:proposed:notified', 'appeal:notified:appealed', 'uphold:appealed:upheld', 'overturn:appealed:overturned', 'approve:notified:approved', 'approve:upheld:approved', 'post:approved:posted', 'reverse:posted:reversed', 'withdraw:appealed:withdrawn', 'withdraw:notified:withdrawn', 'withdraw:proposed:withdrawn', 'withdraw:upheld:withdrawn', 'cancel:appealed:cancelled', 'cancel:approved:cancelled', 'cancel:notified:cancelled', 'cancel:proposed:cancelled', 'cancel:upheld:cancelled'))", func='\n            RAISE EXCEPTION \'the state of % % changes only through the door (% -> %)\',\n                TG_TABLE_NAME, OLD.id, OLD."state", NEW."state" USING ERRCODE = \'check_violation\';\n        ', hash='521b1ce85aecdc9a1b22022746f996646b1fed7f', operation='UPDATE', pgid='pgtrigger_state_door_2c7b3', table='ledger_proposal', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='proposal',
                    trigger=pgtrigger.compiler.Trigger(name='state_birth', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.state NOT IN ('proposed'))", func="\n            RAISE EXCEPTION 'a row of % starts in an initial state', TG_TABLE_NAME\n                USING ERRCODE = 'check_violation';\n        ", hash='663dea3f1b93af362f1422878a70aa05a437efda', operation='INSERT', pgid='pgtrigger_state_birth_4cca4', table='ledger_proposal', when='BEFORE')),
                ),
                migrations.AddConstraint(
                    model_name='proposalfile',
                    constraint=models.UniqueConstraint(fields=('proposal', 'sha256'), name='proposal_file_once'),
                ),
                migrations.AddConstraint(
                    model_name='raised',
                    constraint=models.UniqueConstraint(fields=('rule', 'party', 'party_id', 'month'), name='raised_once'),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='raised',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='97b50adce8dc297121ce1181cbe91a79ff3c9d85', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_393fa', table='ledger_raised', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='raised',
                    trigger=pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;", hash='a40388fb437c0f69a2fae102ab6f171576ca8b4d', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_defaf', table='ledger_raised', when='BEFORE')),
                ),
                migrations.AddConstraint(
                    model_name='incentiveversion',
                    constraint=models.UniqueConstraint(fields=('rule', 'number'), name='incentive_number'),
                ),
                migrations.AddConstraint(
                    model_name='incentiveversion',
                    constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount__gt', 0), ('cap__gte', models.F('amount')), ('measure', '')), models.Q(('amount', None), ('cap', None), models.Q(('measure', ''), _negated=True)), _connector='OR'), name='incentive_amount_or_measure'),
                ),
                migrations.AddConstraint(
                    model_name='incentiveversion',
                    constraint=models.CheckConstraint(condition=models.Q(('activated_by', None), models.Q(('activated_by', models.F('drafted_by')), _negated=True), ('is_shipped', True), _connector='OR'), name='incentive_second_person'),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='incentiveversion',
                    trigger=pgtrigger.compiler.Trigger(name='state_door', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.state IS DISTINCT FROM NEW.state AND (COALESCE(current_setting('aftersales.move', true), '') || ':' || OLD.state || ':' || NEW.state) NOT IN ('activate:draft:active', 'reject:draft:rejected', 'retire:active:retired'))", func='\n            RAISE EXCEPTION \'the state of % % changes only through the door (% -> %)\',\n                TG_TABLE_NAME, OLD.id, OLD."state", NEW."state" USING ERRCODE = \'check_violation\';\n        ', hash='68edf56754c33fb08667f592eb6dc91b473061d4', operation='UPDATE', pgid='pgtrigger_state_door_c4c81', table='ledger_incentiveversion', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='incentiveversion',
                    trigger=pgtrigger.compiler.Trigger(name='state_birth', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.state NOT IN ('draft', 'noted'))", func="\n            RAISE EXCEPTION 'a row of % starts in an initial state', TG_TABLE_NAME\n                USING ERRCODE = 'check_violation';\n        ", hash='940ead9a2ec41f1f83bdb015225ec200fdfcbe3c', operation='INSERT', pgid='pgtrigger_state_birth_80a71', table='ledger_incentiveversion', when='BEFORE')),
                ),
                migrations.AddIndex(
                    model_name='transfer',
                    index=models.Index(fields=['debit', '-id'], name='transfer_debit'),
                ),
                migrations.AddIndex(
                    model_name='transfer',
                    index=models.Index(fields=['credit', '-id'], name='transfer_credit'),
                ),
                migrations.AddConstraint(
                    model_name='transfer',
                    constraint=models.UniqueConstraint(fields=('journal_id', 'line'), name='transfer_line_once'),
                ),
                migrations.AddConstraint(
                    model_name='transfer',
                    constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='transfer_amount'),
                ),
                migrations.AddConstraint(
                    model_name='transfer',
                    constraint=models.CheckConstraint(condition=models.Q(('debit', models.F('credit')), _negated=True), name='transfer_two_accounts'),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='transfer',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='70325547308161dd6ef915ba966493a8d5c54836', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_8b6f8', table='ledger_transfer', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='transfer',
                    trigger=pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;", hash='6d1d20ca5d3e3f72440e0ffff5890f10ddaefd76', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_8ae86', table='ledger_transfer', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='transfer',
                    trigger=pgtrigger.compiler.Trigger(name='closed_month', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                IF EXISTS (SELECT 1 FROM ledger_period WHERE month = NEW.month AND state = 'closed') THEN\n                    RAISE EXCEPTION 'the month % is closed', NEW.month USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NEW;\n            ", hash='f9264af4952a222a9abd49360abcb0de58099d70', operation='INSERT', pgid='pgtrigger_closed_month_3a639', table='ledger_transfer', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='transfer',
                    trigger=pgtrigger.compiler.Trigger(name='one_unit', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                    IF (SELECT count(*) FROM ledger_account\n                         WHERE id IN (NEW.debit_id, NEW.credit_id) AND unit = NEW.unit) <> 2 THEN\n                        RAISE EXCEPTION 'a transfer is between two accounts of its own unit'\n                            USING ERRCODE = 'check_violation';\n                    END IF;\n                    RETURN NEW;\n                ", hash='5763505430c7295a2aab05e1fd21a4778f879bb7', operation='INSERT', pgid='pgtrigger_one_unit_69fb2', table='ledger_transfer', when='BEFORE')),
                ),
            ],
        ),
    ]
