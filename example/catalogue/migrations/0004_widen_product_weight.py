from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0003_product_status_and_weight"),
    ]

    operations = [
        migrations.AlterField(
            model_name="product",
            name="weight",
            field=models.PositiveIntegerField(blank=True, help_text="in grams", null=True),
        ),
    ]
