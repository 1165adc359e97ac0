from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0005_purge_discarded"),
    ]

    operations = [
        migrations.AddField(
            model_name="event",
            name="missed_by",
            field=ArrayField(base_field=models.CharField(max_length=40), null=True, size=None),
        ),
    ]
