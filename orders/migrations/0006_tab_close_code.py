from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0005_tab_owed_since'),
    ]

    operations = [
        migrations.AddField(
            model_name='tab',
            name='close_code',
            field=models.CharField(blank=True, db_default='', default='', max_length=20),
        ),
    ]
