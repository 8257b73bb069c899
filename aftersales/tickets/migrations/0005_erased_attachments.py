from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0004_review_cancelled")]

    operations = [
        migrations.AddField(
            model_name="attachment",
            name="erased_at",
            field=models.DateTimeField(null=True, verbose_name="erased at"),
        ),
        migrations.AddField(
            model_name="attachment",
            name="file_gone_at",
            field=models.DateTimeField(null=True, verbose_name="file removed at"),
        ),
        migrations.AddIndex(
            model_name="attachment",
            index=models.Index(
                condition=models.Q(("erased_at__isnull", False), ("file_gone_at", None)),
                fields=["id"],
                name="attachment_file_to_go",
            ),
        ),
        migrations.AddConstraint(
            model_name="attachment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("erased_at", None), models.Q(("original_name", ""), ("sha256", "")), _connector="OR"
                ),
                name="attachment_erased_is_empty",
            ),
        ),
    ]
