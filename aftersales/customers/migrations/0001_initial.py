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
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        aftersales.core.folding.AllAtOnce(
            operations=[
                migrations.CreateModel(
                    name='Customer',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.CharField(default=aftersales.core.models.new_public_id, editable=False, max_length=22, unique=True, verbose_name='public id')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('code', models.CharField(max_length=64, unique=True, verbose_name='customer code')),
                        ('name', models.CharField(blank=True, default='', max_length=120, verbose_name='name')),
                        ('gender', models.CharField(blank=True, choices=[('', 'Not given'), ('female', 'Female'), ('male', 'Male')], default='', max_length=8, verbose_name='gender')),
                        ('customer_class', models.CharField(choices=[('general', 'General'), ('key', 'Key'), ('special', 'Special care')], default='general', max_length=8, verbose_name='class')),
                        ('class_reason', models.CharField(blank=True, default='', max_length=200, verbose_name='why this class')),
                        ('service_level', models.PositiveSmallIntegerField(default=0, verbose_name='service level')),
                        ('service_score', models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True, verbose_name='service score')),
                        ('languages', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), blank=True, default=list, size=None, verbose_name='languages')),
                        ('province', models.CharField(blank=True, default='', max_length=60, verbose_name='province')),
                        ('city', models.CharField(blank=True, default='', max_length=80, verbose_name='city')),
                        ('postcode', models.CharField(blank=True, default='', max_length=20, verbose_name='postcode')),
                        ('preferences', models.CharField(blank=True, default='', max_length=300, verbose_name='preferences')),
                        ('service_needs', models.CharField(blank=True, default='', max_length=300, verbose_name='special needs')),
                        ('consent_contact', models.BooleanField(default=True, verbose_name='agreed to be contacted after a case')),
                        ('consent_marketing', models.BooleanField(default=False, verbose_name='agreed to marketing')),
                        ('consent_at', models.DateTimeField(blank=True, null=True, verbose_name='agreed at')),
                        ('opt_outs', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('sms', 'Text message'), ('email', 'E-mail'), ('phone', 'Phone call'), ('app', 'App message'), ('survey', 'Survey')], max_length=8), blank=True, default=list, size=None, verbose_name='refused channels')),
                        ('registered_at', models.DateTimeField(blank=True, null=True, verbose_name='customer since')),
                        ('erased_at', models.DateTimeField(blank=True, null=True, verbose_name='erased')),
                    ],
                    options={
                        'verbose_name': 'customer',
                        'verbose_name_plural': 'customers',
                        'ordering': ['code'],
                        'indexes': [models.Index(fields=['name'], name='customer_name'), models.Index(fields=['customer_class', 'code'], name='customer_class_code')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('code', ''), _negated=True), name='customer_code_given'), models.CheckConstraint(condition=models.Q(('erased_at', None), models.Q(('class_reason', ''), ('name', ''), ('preferences', ''), ('service_needs', '')), _connector='OR'), name='customer_erased_is_empty'), models.CheckConstraint(condition=models.Q(('service_score', None), models.Q(('service_score__gte', 0), ('service_score__lte', 100)), _connector='OR'), name='customer_score_0_to_100')],
                    },
                ),
                migrations.CreateModel(
                    name='HistoricalCustomer',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('public_id', models.CharField(default=aftersales.core.models.new_public_id, editable=False, max_length=22, verbose_name='public id')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('code', models.CharField(max_length=64, verbose_name='customer code')),
                        ('gender', models.CharField(blank=True, choices=[('', 'Not given'), ('female', 'Female'), ('male', 'Male')], default='', max_length=8, verbose_name='gender')),
                        ('customer_class', models.CharField(choices=[('general', 'General'), ('key', 'Key'), ('special', 'Special care')], default='general', max_length=8, verbose_name='class')),
                        ('service_level', models.PositiveSmallIntegerField(default=0, verbose_name='service level')),
                        ('service_score', models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True, verbose_name='service score')),
                        ('languages', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), blank=True, default=list, size=None, verbose_name='languages')),
                        ('province', models.CharField(blank=True, default='', max_length=60, verbose_name='province')),
                        ('city', models.CharField(blank=True, default='', max_length=80, verbose_name='city')),
                        ('postcode', models.CharField(blank=True, default='', max_length=20, verbose_name='postcode')),
                        ('consent_contact', models.BooleanField(default=True, verbose_name='agreed to be contacted after a case')),
                        ('consent_marketing', models.BooleanField(default=False, verbose_name='agreed to marketing')),
                        ('consent_at', models.DateTimeField(blank=True, null=True, verbose_name='agreed at')),
                        ('opt_outs', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('sms', 'Text message'), ('email', 'E-mail'), ('phone', 'Phone call'), ('app', 'App message'), ('survey', 'Survey')], max_length=8), blank=True, default=list, size=None, verbose_name='refused channels')),
                        ('registered_at', models.DateTimeField(blank=True, null=True, verbose_name='customer since')),
                        ('erased_at', models.DateTimeField(blank=True, null=True, verbose_name='erased')),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': 'historical customer',
                        'verbose_name_plural': 'historical customers',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='Contact',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.CharField(default=aftersales.core.models.new_public_id, editable=False, max_length=22, unique=True, verbose_name='public id')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('kind', models.CharField(choices=[('name', 'Recipient name'), ('phone', 'Phone'), ('email', 'E-mail'), ('address', 'Address'), ('wechat', 'WeChat')], max_length=8, verbose_name='kind')),
                        ('value', models.CharField(blank=True, default='', max_length=300, verbose_name='value')),
                        ('label', models.CharField(blank=True, default='', max_length=40, verbose_name='label')),
                        ('preferred', models.BooleanField(default=False, verbose_name='preferred')),
                        ('search_key', models.GeneratedField(db_persist=True, expression=models.Case(models.When(kind='phone', then=aftersales.customers.models.RegexpReplace(aftersales.customers.models.RegexpReplace(models.F('value'), models.Value('[^0-9]'), models.Value(''), models.Value('g')), models.Value('^(0086|86)(1[0-9]{10})$'), models.Value('\\2'), models.Value('g'))), default=django.db.models.functions.text.Lower(aftersales.customers.models.RegexpReplace(models.F('value'), models.Value('\\s'), models.Value(''), models.Value('g')))), output_field=models.CharField(max_length=300))),
                        ('phone_tail', models.GeneratedField(db_persist=True, expression=models.Case(models.When(kind='phone', then=django.db.models.functions.text.Right(aftersales.customers.models.RegexpReplace(models.F('value'), models.Value('[^0-9]'), models.Value(''), models.Value('g')), 4)), default=models.Value('')), output_field=models.CharField(max_length=4))),
                        ('bounced_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='a message came back')),
                        ('erased_at', models.DateTimeField(blank=True, null=True, verbose_name='erased')),
                        ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contacts', to='customers.customer', verbose_name='customer')),
                    ],
                    options={
                        'verbose_name': 'contact',
                        'verbose_name_plural': 'contacts',
                        'indexes': [models.Index(condition=models.Q(('erased_at', None)), fields=['kind', 'search_key'], name='contact_search'), models.Index(condition=models.Q(('erased_at', None), ('kind', 'phone')), fields=['phone_tail'], name='contact_phone_tail')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('erased_at', None)), fields=('customer', 'kind', 'search_key'), name='contact_once'), models.CheckConstraint(condition=models.Q(('erased_at', None), models.Q(('label', ''), ('value', '')), _connector='OR'), name='contact_erased_is_empty')],
                    },
                ),
                migrations.CreateModel(
                    name='CustomerAccount',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('source', models.CharField(max_length=40, verbose_name='source')),
                        ('external_id', models.CharField(max_length=64, verbose_name='account id')),
                        ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accounts', to='customers.customer', verbose_name='customer')),
                    ],
                    options={
                        'verbose_name': 'customer account',
                        'verbose_name_plural': 'customer accounts',
                        'constraints': [models.UniqueConstraint(fields=('source', 'external_id'), name='customer_account_once')],
                    },
                ),
                migrations.CreateModel(
                    name='StaffContact',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                        ('kind', models.CharField(choices=[('phone', 'Phone'), ('email', 'E-mail'), ('address', 'Address'), ('wechat', 'WeChat'), ('account', 'Account (source:id)')], max_length=8, verbose_name='kind')),
                        ('search_key', models.CharField(max_length=300, verbose_name='value')),
                        ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='no longer his own since')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                    ],
                    options={
                        'verbose_name': 'own contact of an employee',
                        'verbose_name_plural': 'own contacts of employees',
                        'ordering': ['person_id', 'kind', 'pk'],
                        'indexes': [models.Index(condition=models.Q(('ended_at', None)), fields=['kind', 'search_key'], name='staff_contact_key')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('person', 'kind', 'search_key'), name='staff_contact_once'), models.CheckConstraint(condition=models.Q(('search_key', ''), _negated=True), name='staff_contact_given')],
                    },
                ),
            ],
        ),
    ]
