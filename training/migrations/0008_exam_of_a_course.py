import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('training', '0007_retraining_orders'),
    ]

    operations = [
        migrations.AddField(
            model_name='courseversion',
            name='exam',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='training.exam', verbose_name='exam'),
        ),
        migrations.AddField(
            model_name='historicalcourseversion',
            name='exam',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='training.exam', verbose_name='exam'),
        ),
    ]
