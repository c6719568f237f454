import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0008_require_product_sku"),
        ("feedback", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="product",
            name="featured_review",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="feedback.review",
            ),
        ),
    ]
