from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0002_tags"),
    ]

    operations = [
        migrations.AddField(
            model_name="product",
            name="status",
            field=models.CharField(
                choices=[("draft", "Draft"), ("on_sale", "on sale"), ("retired", "Retired")],
                default="draft",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="product",
            name="weight",
            field=models.PositiveSmallIntegerField(blank=True, help_text="in grams", null=True),
        ),
    ]
