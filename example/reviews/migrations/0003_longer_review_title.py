from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("feedback", "0002_review_order"),
    ]

    operations = [
        migrations.AlterField(
            model_name="review",
            name="title",
            field=models.CharField(max_length=120),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(fields=["product", "rating"], name="review_product_rating_idx"),
        ),
    ]
